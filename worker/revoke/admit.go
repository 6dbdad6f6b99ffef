package revoke

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/complaint"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/iamport"
)

// until returns a context that ends with ctx or with end, whichever is first.
func until(ctx, end context.Context) (_ context.Context, release func()) {
	ctx, cancel := context.WithCancel(ctx)
	detach := context.AfterFunc(end, cancel)
	return ctx, func() { detach(); cancel() }
}

// longestHold bounds for how long one answer keeps everybody from calling. Limits of an
// account are by the second or the minute, and the next answer renews the hold.
const longestHold = time.Minute

// held returns what Asynq hears of a task that was not let through. Its
// delay has jitter, so that tasks held back together do not return together.
func (h *Handler) held(ctx context.Context, r tasks.Revocation, err error) error {
	var wait *gate.WaitError
	switch {
	case h.Stopping.Err() != nil:
		return &again{cause: ErrStopping}
	case errors.As(err, &wait):
		return &again{after: wait.Wait + rand.N(wait.Wait/2+time.Second), cause: err}
	}
	h.Complaints.Add(slog.LevelWarn, "enter", "call not let through, trying again",
		complaint.About(ctx, r, "error", err)...)
	return &again{after: time.Second, cause: err}
}

// report tells the gates what a DELETE came to, and everybody to wait if the answer
// asks for it.
func (h *Handler) report(ctx context.Context, a *outcome.Attempt, call *gate.Call, err error) {
	h.tell(ctx, a, call, signs(err), err)
}

// revokedBefore is what a failed DELETE of a receipt says that had been revoked before:
// PortOne works, and the gateway may be down.
var revokedBefore = gate.Signs{Gateway: gate.RevokedBefore, PortOne: gate.Answered}

// tell tells the gates what a DELETE says about them.
func (h *Handler) tell(ctx context.Context, a *outcome.Attempt, call *gate.Call, says gate.Signs, err error) {
	result := gate.Result{ImpUID: a.Revocation.ImpUID, Signs: says}
	if a.FailedBefore {
		result.Since = a.Since()
	}
	h.untold(ctx, a, errors.Join(call.Report(ctx, result), h.hold(ctx, a, err)))
}

// hold keeps everybody from calling for as long as the answer to a call that was
// turned away wants it, [longestHold] at most. A receipt that was turned away before,
// while PortOne answered others since, is the reason itself: no other call waits for it.
func (h *Handler) hold(ctx context.Context, a *outcome.Attempt, err error) error {
	var failure *iamport.Error
	alone := a.Tries > 0 && h.Gates.States()[gate.PortOne].SucceededAt.After(a.RefusedSince)
	if !errors.As(err, &failure) || failure.RetryAfter == 0 || answers[failure.Status] != rateLimited ||
		alone && failure.Op != iamport.OpToken {
		return nil
	}
	wait := min(failure.RetryAfter, longestHold)
	if wait > 5*time.Second {
		h.Complaints.Add(slog.LevelWarn, "hold", "PortOne wants no calls (Retry-After): all workers wait",
			complaint.About(ctx, a.Revocation, "wait", wait.String(), "retry_after", failure.RetryAfter.String())...)
	}
	return h.Gates.Hold(ctx, wait)
}

// untold logs what the gates could not be told.
func (h *Handler) untold(ctx context.Context, a *outcome.Attempt, err error) {
	if err != nil {
		h.Complaints.Add(slog.LevelWarn, "report", "gates not told of a call",
			complaint.About(ctx, a.Revocation, "attempt", a.Number, "error", err)...)
	}
}
