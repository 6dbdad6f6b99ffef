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
	var ended []string // task IDs, oldest first
	for page := 1; ctx.Err() == nil; page++ {
		archived, err := s.inspector.ListArchivedTasks(queue, asynq.PageSize(archivePage), asynq.Page(page))
		if err != nil {
			return fmt.Errorf("list the archive of %s: %w", queue, err)
		}
		for _, task := range archived {
			done, err := s.settle(ctx, queue, task)
			if err != nil {
				return err
			}
			if done {
				ended = append(ended, task.ID)
			}
		}
		if len(archived) < archivePage {
			break
		}
	}
	for _, id := range ended[:max(len(ended)-archiveKeep, 0)] {
		if err := s.remove(queue, id); err != nil {
			return err
		}
	}
	return nil
}

// settle reports whether an archived task has a terminal outcome. One that has
// none is given one, and one that an attempt since then has overtaken goes.
func (s *sweeper) settle(ctx context.Context, queue string, task *asynq.TaskInfo) (bool, error) {
	revocation, invalid := read(task.Type, task.Payload, task.ID)
	o, err := s.outcomes.Get(ctx, revocation.ImpUID)
	switch {
	case err == nil && o.Status.Terminal():
		return true, nil
	case errors.Is(err, outcome.ErrNotFound) && s.outcomes.Forgotten(task.LastFailedAt):
		return true, nil // its outcome's life is over
	case err != nil && !errors.Is(err, outcome.ErrNotFound):
		return false, err
	case err == nil && !task.LastFailedAt.IsZero() && o.UpdatedAt.After(task.LastFailedAt.Add(overtaken)):
		return false, s.remove(queue, task.ID)
	case invalid != nil:
		return false, ignore(s.handler.bury(ctx, revocation, invalid))
	}
	attempt, err := s.outcomes.Begin(ctx, revocation, lease)
	if err != nil {
		return false, ignore(s.handler.notBegun(revocation, err))
	}
	release := s.handler.leases.hold(attempt)
	defer release()
	found := s.handler.giveUp(ctx, attempt, finding{verdict: crashed})
	_ = s.handler.record(ctx, attempt, found) // what it returns is for Asynq
	if !found.status.Terminal() {
		return false, nil // nobody could be asked; the next sweep tries again
	}
	return false, s.remove(queue, task.ID)
}

func (s *sweeper) remove(queue, id string) error {
	if err := s.inspector.DeleteTask(queue, id); err != nil && !errors.Is(err, asynq.ErrTaskNotFound) {
		return fmt.Errorf("delete the archived task %s of %s: %w", id, queue, err)
	}
	return nil
}

// ignore drops what is meant for Asynq: nobody waits for it here.
func ignore(error) error { return nil }

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
