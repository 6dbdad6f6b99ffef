package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/hibiken/asynq"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// settle does with an archived task what its settlement says.
func (s *sweeper) settle(ctx context.Context, task archivedTask) error {
	ctx = tasks.ContextWithTrace(ctx, task.Headers)
	switch task.settlement() {
	case unclear:
		s.handler.complaints.add(slog.LevelWarn, "corrupt", "outcome not read",
			about(ctx, task.revocation, "error", task.unknown)...)
	case past:
		return s.remove(ctx, task)
	case hopeless:
		_ = s.handler.bury(ctx, task.revocation, task.invalid) // the error is for Asynq
	case stopped:
		return s.giveUp(ctx, task)
	}
	return nil
}

// giveUp makes a dead letter of what Asynq gave up, unless a lookup says that
// it is revoked. Where nobody could be asked, the next sweep tries again.
func (s *sweeper) giveUp(ctx context.Context, task archivedTask) error {
	attempt, err := s.outcomes.Begin(ctx, task.revocation, lease)
	if err != nil {
		return nonBusy(err)
	}
	release := s.handler.leases.hold(attempt)
	defer release()
	ctx, span := s.handler.startSpan(ctx, attempt)
	defer span.End()
	found := s.handler.giveUp(ctx, attempt, finding{verdict: abandoned})
	_ = s.handler.record(ctx, attempt, found) // the error is for Asynq
	if !found.status.Terminal() {
		return nil
	}
	return s.remove(ctx, task)
}

// nonBusy returns an error unless it says that somebody else is at it, or was.
func nonBusy(err error) error {
	var busy *outcome.BusyError
	var terminal *outcome.TerminalError
	if errors.As(err, &busy) || errors.As(err, &terminal) {
		return nil
	}
	return err
}

// remove deletes an archived task.
func (s *sweeper) remove(_ context.Context, task archivedTask) error {
	if err := s.inspector.DeleteTask(task.Queue, task.ID); err != nil && !gone(err) {
		return fmt.Errorf("delete the archived task %s of %s: %w", task.ID, task.Queue, err)
	}
	return nil
}

// gone reports whether Asynq says that there is no such task.
func gone(err error) bool {
	return errors.Is(err, asynq.ErrTaskNotFound) || errors.Is(err, asynq.ErrQueueNotFound)
}
