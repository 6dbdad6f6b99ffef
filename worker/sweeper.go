package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/hibiken/asynq"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

const (
	// archiveKeep is how many archived tasks each queue keeps, for people to
	// see. Asynq trims its archive at 10,000 without a word, and cannot if
	// thousands end their 90 days together; ours stays far below both.
	archiveKeep = 500
	// archivePage is how many archived tasks are read at a time.
	archivePage = 500
	// overduePage is how many overdue imp_uids one sweep looks at.
	overduePage = 500
	// overtaken is how much later than an archived task an outcome must have
	// changed for the task to be of the past. Asynq keeps whole seconds.
	overtaken = 5 * time.Second
	// stillQueued is how long a task that waits in its queue is left alone.
	stillQueued = time.Minute
)

// crashed is the verdict on a task that Asynq gave up without asking us, above
// all because its process died.
var crashed = verdict{outcome.Dead, outcome.ReasonCrashed, false}

// sweeper goes on with what nobody goes on with: tasks that Asynq archived
// before they had an outcome, and attempts whose task is gone. Any number of
// processes may run one: the store lets one lead at a time, and two at once
// would do no harm.
type sweeper struct {
	handler   *handler
	outcomes  *outcome.Store
	inspector *asynq.Inspector
	queue     *asynq.Client
	process   string
	every     time.Duration
	log       *slog.Logger
}

// run sweeps from time to time until ctx is done.
func (s *sweeper) run(ctx context.Context) {
	ticker := time.NewTicker(s.every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := s.sweep(ctx); err != nil && ctx.Err() == nil {
			s.handler.complaints.add(slog.LevelWarn, "sweep", "sweep not finished", "error", err)
		}
	}
}

func (s *sweeper) sweep(ctx context.Context) error {
	leads, err := s.outcomes.Lead(ctx, "sweeper", s.process, 3*s.every)
	if err != nil || !leads {
		return err
	}
	queues, err := s.inspector.Queues()
	if err != nil {
		return fmt.Errorf("list the queues: %w", err)
	}
	for _, queue := range queues {
		if _, ours := tasks.ParseQueue(queue); !ours {
			continue
		}
		if err := s.archive(ctx, queue); err != nil {
			return err
		}
	}
	return errors.Join(s.overdue(ctx), s.outcomes.Prune(ctx))
}

// archive gives every archived task of a queue an outcome, and deletes the
// oldest of those that have one: the list of dead letters is ours, not Asynq's.
func (s *sweeper) archive(ctx context.Context, queue string) error {
	var ended []*asynq.TaskInfo // oldest first
	for page := 1; ctx.Err() == nil; page++ {
		archived, err := s.inspector.ListArchivedTasks(queue, asynq.PageSize(archivePage), asynq.Page(page))
		if err != nil {
			return fmt.Errorf("list the archive of %s: %w", queue, err)
		}
		done, err := s.settleAll(ctx, archived)
		if err != nil {
			return err
		}
		ended = append(ended, done...)
		if len(archived) < archivePage {
			break
		}
	}
	for _, task := range ended[:max(len(ended)-archiveKeep, 0)] {
		if err := s.remove(task); err != nil {
			return err
		}
	}
	return nil
}

// settleAll settles archived tasks and returns those that have ended. What is
// known about them is read in one round trip.
func (s *sweeper) settleAll(ctx context.Context, archived []*asynq.TaskInfo) (ended []*asynq.TaskInfo, err error) {
	impUIDs := make([]string, len(archived))
	for i, task := range archived {
		revocation, _ := read(task.Type, task.Payload, task.ID)
		impUIDs[i] = revocation.ImpUID
	}
	var known []knownOutcome
	for o, err := range s.outcomes.Each(ctx, impUIDs) {
		known = append(known, knownOutcome{o, err})
	}
	for i, o := range known {
		done, err := s.settle(ctx, archived[i], o)
		if err != nil {
			return ended, err
		}
		if done {
			ended = append(ended, archived[i])
		}
	}
	return ended, nil
}

// knownOutcome is an outcome, or why there is none to be had.
type knownOutcome struct {
	outcome.Outcome
	err error
}

// settle reports whether an archived task has a terminal outcome. One that has
// none is given one, one that an attempt since then has overtaken goes, and one
// whose outcome cannot be read is left to a person.
func (s *sweeper) settle(ctx context.Context, task *asynq.TaskInfo, known knownOutcome) (bool, error) {
	ctx = tasks.ContextWithTrace(ctx, task.Headers)
	revocation, invalid := read(task.Type, task.Payload, task.ID)
	var corrupt *outcome.CorruptError
	switch {
	case known.err == nil && known.Status.Terminal():
		return true, nil
	case errors.Is(known.err, outcome.ErrNotFound):
		if s.outcomes.Forgotten(task.LastFailedAt) {
			return true, nil // its outcome's life is over
		}
	case errors.As(known.err, &corrupt):
		s.handler.complaints.add(slog.LevelWarn, "corrupt", "outcome not read", about(ctx, revocation, "error", corrupt)...)
		return false, nil
	case known.err != nil:
		return false, known.err
	case !task.LastFailedAt.IsZero() && known.UpdatedAt.After(task.LastFailedAt.Add(overtaken)):
		return false, s.remove(task)
	}

	// What these return is for Asynq, and nobody waits for it here.
	if invalid != nil {
		_ = s.handler.bury(ctx, revocation, invalid)
		return false, nil
	}
	attempt, err := s.outcomes.Begin(ctx, revocation, lease)
	if err != nil {
		return false, nil // somebody else is at it, or Redis is away; the next sweep tries again
	}
	if found := s.crashed(ctx, attempt); !found.status.Terminal() {
		return false, nil // nobody could be asked; the next sweep tries again
	}
	return false, s.remove(task)
}

// crashed gives up what Asynq gave up, unless it turns out to be revoked.
func (s *sweeper) crashed(ctx context.Context, a outcome.Attempt) finding {
	release := s.handler.leases.hold(a)
	defer release()
	ctx, span := s.handler.startSpan(ctx, a)
	defer span.End()
	found := s.handler.giveUp(ctx, a, finding{verdict: crashed})
	_ = s.handler.record(ctx, a, found)
	return found
}

func (s *sweeper) remove(task *asynq.TaskInfo) error {
	if err := s.inspector.DeleteTask(task.Queue, task.ID); err != nil && !errors.Is(err, asynq.ErrTaskNotFound) {
		return fmt.Errorf("delete the archived task %s of %s: %w", task.ID, task.Queue, err)
	}
	return nil
}

// overdue enqueues again what was begun and has no task any more.
func (s *sweeper) overdue(ctx context.Context) error {
	now := time.Now()
	impUIDs, err := s.outcomes.Overdue(ctx, now.Add(-2*s.every), overduePage)
	if err != nil {
		return err
	}
	for _, impUID := range impUIDs {
		o, err := s.outcomes.Get(ctx, impUID)
		switch {
		case errors.Is(err, outcome.ErrNotFound), err == nil && o.Status.Terminal():
			err = s.outcomes.Close(ctx, impUID)
		case err != nil:
			s.log.Warn("outcome not read", "imp_uid", impUID, "error", err)
			err = s.outcomes.Postpone(ctx, impUID, now.Add(stillQueued))
		default:
			err = s.revisit(ctx, tasks.Revocation{ImpUID: impUID, PG: o.PG, Batch: o.Batch})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// revisit sees to it that an open imp_uid has a task.
func (s *sweeper) revisit(ctx context.Context, r tasks.Revocation) error {
	queue, id := tasks.QueueOf(r).Name(), tasks.TaskID(r.ImpUID)
	task, err := s.inspector.GetTaskInfo(queue, id)
	switch {
	case errors.Is(err, asynq.ErrTaskNotFound), errors.Is(err, asynq.ErrQueueNotFound):
		err = nil
	case err != nil:
		return fmt.Errorf("look for the task of %s: %w", r.ImpUID, err)
	case task.State == asynq.TaskStateCompleted:
		err = s.inspector.DeleteTask(queue, id)
	default: // it waits, runs, or is archived and will be given an outcome
		return s.outcomes.Postpone(ctx, r.ImpUID, time.Now().Add(stillQueued))
	}
	if err != nil {
		return fmt.Errorf("make room for the task of %s: %w", r.ImpUID, err)
	}
	renewed, err := tasks.NewTask(r)
	if err != nil {
		return s.outcomes.Close(ctx, r.ImpUID) // can never be called, and is no task of ours
	}
	_, err = s.queue.EnqueueContext(ctx, renewed)
	if err != nil && !errors.Is(err, asynq.ErrTaskIDConflict) {
		return fmt.Errorf("enqueue %s again: %w", r.ImpUID, err)
	}
	s.log.Warn("enqueued again: its task was gone", "imp_uid", r.ImpUID, "pg", string(r.PG))
	return s.outcomes.Postpone(ctx, r.ImpUID, time.Now().Add(stillQueued))
}
