package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hibiken/asynq"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

const (
	// overduePage is how many overdue imp_uids one sweep looks at.
	overduePage = 500
	// stillQueued is how long a task that waits in its queue is left alone.
	stillQueued = time.Minute
)

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
