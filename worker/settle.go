package worker

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/hibiken/asynq"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/backlog"
	"receiptrevoker/tasks/outcome"
)

// settle does with an archived task what its settlement says.
func (s *sweeper) settle(ctx context.Context, task archivedTask) error {
	ctx = tasks.ContextWithTrace(ctx, task.Headers)
	switch task.settlement(s.handler.schedule.Attempts) {
	case unclear:
		s.handler.complaints.Add(slog.LevelWarn, "corrupt", "outcome not read",
			about(ctx, task.revocation, "error", task.unknown)...)
	case hopeless:
		_ = s.handler.bury(ctx, task.revocation, task.invalid) // the error is for Asynq
	case early:
		return s.renew(ctx, task)
	case stopped:
		return s.giveUp(ctx, task)
	}
	return nil
}

// giveUp makes a dead letter of what Asynq gave up, unless a lookup says that
// it is revoked. Where nobody could be asked, the next sweep tries again. A task that was
// archived before its receipt was requested anew says nothing of the new request.
func (s *sweeper) giveUp(ctx context.Context, task archivedTask) error {
	earlier := false
	found, err := s.handler.conclude(ctx, task.revocation, func(a *outcome.Attempt) verdict {
		if earlier = task.earlier(a.AskedAt); earlier {
			return putBack
		}
		return abandoned
	})
	if err != nil || !found.status.Terminal() && !earlier {
		return err
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

// renew replaces a task that Asynq gave up too early by one of ours, which has
// all attempts of the schedule and keeps to its pace. Whatever fails in
// between, the imp_uid is open, and an open one without a task gets one.
func (s *sweeper) renew(ctx context.Context, task archivedTask) error {
	if errors.Is(task.unknown, outcome.ErrNotFound) {
		if opened, err := s.open(ctx, task.revocation); !opened {
			return err
		}
	}
	options := []asynq.Option{asynq.ProcessAt(task.known.NextAttemptAt)}
	if task.Retention > 0 {
		options = append(options, asynq.Retention(task.Retention))
	}
	if err := s.remove(ctx, task); err != nil {
		return err
	}
	if _, err := s.tasks.Enqueue(ctx, task.revocation, options...); err != nil {
		return err
	}
	s.log.Warn("enqueued again: its producer allowed too few retries",
		about(ctx, task.revocation, "max_retry", task.MaxRetry, "attempts", task.known.Attempts)...)
	return nil
}

// open makes an imp_uid open that was never attempted, without counting an
// attempt. It reports false if somebody else has done so.
func (s *sweeper) open(ctx context.Context, r tasks.Revocation) (bool, error) {
	attempt, err := s.outcomes.Begin(ctx, r, lease)
	if err != nil {
		return false, nonBusy(err)
	}
	attempt.Uncounted = true
	return s.handler.write(ctx, attempt, outcome.Outcome{Status: outcome.Retrying, NextAttemptAt: time.Now()})
}

// remove deletes an archived task, if it still is archived.
func (s *sweeper) remove(ctx context.Context, task archivedTask) error {
	_, err := backlog.Remove(ctx, s.redis, task.Queue, task.ID)
	return err
}
