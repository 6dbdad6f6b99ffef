package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hibiken/asynq"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/backlog"
	"receiptrevoker/tasks/outcome"
)

const (
	// overduePage is how many overdue imp_uids are looked at in one go.
	overduePage = 500
	// stillQueued is how long a task that waits in its queue is left alone:
	// nobody takes it away but a person.
	stillQueued = 5 * time.Minute
	// soon is when something is tried again that failed.
	soon = time.Minute
)

// overdue looks after all that was begun and should have gone on, until nothing
// is overdue or the time for it is over.
func (s *sweeper) overdue(ctx context.Context) error {
	before, until := time.Now().Add(-2*s.every), time.Now().Add(stageTime)
	var problems []error
	for !s.over(ctx, until) {
		impUIDs, err := s.outcomes.Overdue(ctx, before, overduePage)
		if err != nil || len(impUIDs) == 0 {
			return errors.Join(append(problems, err)...)
		}
		problem, err := s.revisit(ctx, impUIDs)
		problems = append(problems, problem)
		if err != nil {
			return errors.Join(append(problems, err)...)
		}
	}
	return errors.Join(problems...)
}

// revisit sees to it that open imp_uids have a task. None is overdue
// afterwards, even if something could not be done for it, which is the problem
// that it returns: what fails for one holds up no other. The error says that
// nothing could be done.
func (s *sweeper) revisit(ctx context.Context, impUIDs []string) (problem, err error) {
	open, closed, err := s.stillOpen(ctx, impUIDs)
	if err != nil {
		return nil, err
	}
	s.locate(ctx, open)
	problem = s.goOn(ctx, open)
	s.beat()
	uncallable, troubled, failed := sum(open)
	problem = errors.Join(problem, failed)
	now, well := time.Now(), slices.DeleteFunc(slices.Clone(impUIDs), func(impUID string) bool {
		return slices.Contains(troubled, impUID)
	})
	err = s.outcomes.Close(ctx, append(closed, uncallable...)...)
	if err == nil {
		err = s.outcomes.PostponeAll(ctx, troubled, now.Add(soon))
	}
	if err == nil {
		err = s.outcomes.PostponeAll(ctx, well, now.Add(stillQueued))
	}
	return problem, err
}

// sum returns which imp_uids can never be called, and are no tasks of ours, and
// which could not be looked after, with the reason for the first.
func sum(open []*whereabouts) (uncallable, troubled []string, err error) {
	for _, w := range open {
		switch {
		case errors.Is(w.err, tasks.ErrInvalid):
			uncallable = append(uncallable, w.ImpUID)
		case w.err != nil:
			troubled = append(troubled, w.ImpUID)
			err = cmp.Or(err, w.err)
		}
	}
	if err != nil {
		err = fmt.Errorf("%d of %d overdue imp_uids not looked after: %w", len(troubled), len(open), err)
	}
	return uncallable, troubled, err
}

// stillOpen returns which of the imp_uids are to be gone on with, and which are
// not open any more. One whose outcome cannot be read is neither.
func (s *sweeper) stillOpen(ctx context.Context, impUIDs []string) (open []*whereabouts, closed []string, err error) {
	for o, err := range s.outcomes.Each(ctx, impUIDs) {
		var corrupt *outcome.CorruptError
		switch {
		case errors.Is(err, outcome.ErrNotFound), err == nil && o.Status.Terminal():
			closed = append(closed, o.ImpUID)
		case errors.As(err, &corrupt):
			s.log.Warn("outcome not read", "imp_uid", o.ImpUID, "error", err)
		case err != nil:
			return nil, nil, err
		default:
			open = append(open, &whereabouts{Revocation: tasks.Revocation{ImpUID: o.ImpUID, PG: o.PG, Batch: o.Batch}})
		}
	}
	return open, closed, nil
}

// goOn enqueues what has no task. A task that waits, or runs, or is archived and
// will be settled, is left alone.
func (s *sweeper) goOn(ctx context.Context, open []*whereabouts) error {
	var lost []place
	for _, w := range open {
		switch {
		case w.err != nil:
		case w.state == "archived":
			lost = append(lost, w.at) // if it is not in the archive
		case w.state == "":
			s.beat()
			w.err = s.enqueue(ctx, w)
		}
	}
	return s.restoreAll(ctx, lost)
}

// enqueue enqueues an imp_uid again that has no task any more. The error matches
// [tasks.ErrInvalid] if it can never be called.
func (s *sweeper) enqueue(ctx context.Context, w *whereabouts) error {
	renewed, err := tasks.NewTask(w.Revocation)
	if err != nil {
		return err
	}
	if queue := tasks.QueueOf(w.Revocation).Name(); w.done {
		if err := s.inspector.DeleteTask(queue, tasks.TaskID(w.ImpUID)); err != nil && !backlog.Gone(err) {
			return fmt.Errorf("make room for the task of %s: %w", w.ImpUID, err)
		}
	}
	_, err = s.queue.EnqueueContext(ctx, renewed)
	if err != nil && !errors.Is(err, asynq.ErrTaskIDConflict) {
		return fmt.Errorf("enqueue %s again: %w", w.ImpUID, err)
	}
	s.log.Warn("enqueued again: its task was gone", "imp_uid", w.ImpUID, "pg", string(w.PG))
	return nil
}
