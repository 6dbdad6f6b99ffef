package revoke

import (
	"context"
	"errors"
	"time"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// Conclude implements [receiptrevoker/worker/sweep.Handler]: it ends a request without a DELETE, after
// a lookup. The sweeper calls it for tasks that Asynq gave up or a person archived, and for requests
// that are cancelled.
func (h *Handler) Conclude(
	ctx context.Context, r tasks.Revocation, hasCrashed func(askedAt time.Time) bool,
) (ended bool, err error) {
	found, err := h.conclude(ctx, r, func(a *outcome.Attempt) verdict {
		askedAt := a.AskedAt
		if a.RecordedNow() {
			askedAt = time.Time{} // its task, which was archived, is what asks for it
		}
		if hasCrashed(askedAt) {
			return crashed
		}
		return putBack
	})
	return found.status.Terminal(), err
}

// conclude begins an attempt that makes no DELETE, to end what is not to be attempted again: as
// withdrawn if it is, and else with the verdict that why returns; unless a lookup says that the receipt
// is revoked. It finds nothing if another attempt is running, or the request has ended.
func (h *Handler) conclude(
	ctx context.Context, r tasks.Revocation, why func(*outcome.Attempt) verdict,
) (found finding, err error) {
	attempt, err := h.Outcomes.Begin(ctx, r, lease)
	if err != nil {
		return found, nonBusy(err)
	}
	defer h.Leases.hold(attempt, time.Now())()
	ctx, span := h.startSpan(ctx, attempt)
	defer span.End()
	// That all who asked have cancelled explains an end better than what happened to the task.
	if found.verdict = why(attempt); attempt.Withdrawn {
		found.verdict = takenBack
	}
	found = h.giveUp(ctx, attempt, found)
	// The error is for Asynq, which did not make this call.
	_ = h.record(ctx, attempt, found)
	return found, nil
}

// Bury implements [receiptrevoker/worker/sweep.Handler]: see [Handler.bury].
func (h *Handler) Bury(ctx context.Context, r tasks.Revocation, cause error) error {
	err := h.bury(ctx, r, cause)
	var later *again
	if errors.As(err, &later) {
		return err
	}
	// The letter is written. That it is dead is an error to Asynq alone.
	return nil
}

// Open implements [receiptrevoker/worker/sweep.Handler]: it records a request that no attempt has
// recorded, with an outcome that is due now. The attempt that it begins for that is given back at once,
// so that it counts nowhere.
func (h *Handler) Open(ctx context.Context, r tasks.Revocation) (opened bool, err error) {
	attempt, err := h.Outcomes.Begin(ctx, r, lease)
	if err != nil {
		return false, nonBusy(err)
	}
	attempt.Uncounted = true
	return h.write(ctx, attempt, outcome.Outcome{Status: outcome.Retrying, NextAttemptAt: time.Now()})
}

// nonBusy returns an error unless it says that another attempt is running, or that the request has
// ended: in both cases there is nothing left to do here.
func nonBusy(err error) error {
	var busy *outcome.BusyError
	var terminal *outcome.TerminalError
	if errors.As(err, &busy) || errors.As(err, &terminal) {
		return nil
	}
	return err
}
