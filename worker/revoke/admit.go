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

// until returns a context that ends with ctx or with end, whichever is first. The caller calls release,
// or the function stays registered with end for as long as the process lives.
func until(ctx, end context.Context) (_ context.Context, release func()) {
	ctx, cancel := context.WithCancel(ctx)
	detach := context.AfterFunc(end, cancel)
	return ctx, func() { detach(); cancel() }
}

// longestHold bounds for how long one answer keeps all workers from calling. Limits of an account are
// by the second or the minute, and the next answer renews the hold. Without a bound, one Retry-After of
// an hour would stop all gateways for that hour.
const longestHold = time.Minute

// held returns what Asynq hears of a task that the gates did not admit. Its delay has jitter, half
// of the wait and a second, so that tasks held back together do not return together.
func (h *Handler) held(ctx context.Context, r tasks.Revocation, err error) error {
	var wait *gate.WaitError
	switch {
	case h.Stopping.Err() != nil:
		return &again{cause: ErrStopping}
	// The gates know how long it takes: until the next probe, the end of a hold, or the next look at
	// what is paused.
	case errors.As(err, &wait):
		return &again{after: wait.Wait + rand.N(wait.Wait/2+time.Second), cause: err}
	}
	h.Complaints.Add(slog.LevelWarn, "enter", "call not let through, trying again",
		complaint.About(ctx, r, "error", err)...)
	return &again{after: time.Second, cause: err}
}

// report tells the gates what a DELETE showed of the gateway and of PortOne, and makes all workers wait
// if the answer asks for it.
func (h *Handler) report(ctx context.Context, a *outcome.Attempt, call *gate.Call, err error) {
	h.tell(ctx, a, call, signs(err), err)
}

// revokedBefore is what a failed DELETE says whose receipt had been revoked before: PortOne works, and
// the gateway may be down.
var revokedBefore = gate.Signs{Gateway: gate.RevokedBefore, PortOne: gate.Answered}

// tell tells the gates what a DELETE says about them. If an earlier attempt on the receipt failed, or was
// turned away, they also hear since when: a receipt that failed before the gateway's last success, or was
// turned away before PortOne's, is a suspect, and does not count towards closing the gate.
func (h *Handler) tell(ctx context.Context, a *outcome.Attempt, call *gate.Call, says gate.Signs, err error) {
	result := gate.Result{ImpUID: a.Revocation.ImpUID, Signs: says, TurnedAway: a.RefusedSince}
	if a.FailedBefore {
		result.Since = a.Since()
	}
	h.untold(ctx, a, errors.Join(call.Report(ctx, result), h.hold(ctx, a, err)))
}

// hold keeps all workers from calling for as long as the answer to a call that was turned away wants
// it, [longestHold] at most. A receipt that was turned away before, while PortOne answered others
// since, is the reason itself: no other call waits for it. For a token there is no such receipt.
func (h *Handler) hold(ctx context.Context, a *outcome.Attempt, err error) error {
	var failure *iamport.Error
	alone := a.Tries > 0 && h.Gates.States()[gate.PortOne].SucceededAt.After(a.RefusedSince)
	if !errors.As(err, &failure) || failure.RetryAfter == 0 || answers[failure.Status] != rateLimited ||
		alone && failure.Op != iamport.OpToken {
		return nil
	}
	wait := min(failure.RetryAfter, longestHold)
	// Short holds are usual where a rate is reached; a line for each would fill the log.
	if wait > 5*time.Second {
		h.Complaints.Add(slog.LevelWarn, "hold", "PortOne wants no calls (Retry-After): all workers wait",
			complaint.About(ctx, a.Revocation, "wait", wait.String(), "retry_after", failure.RetryAfter.String())...)
	}
	return h.Gates.Hold(ctx, wait)
}

// untold logs that the gates could not be told of a call. The attempt continues: what Redis did not
// hear of this call it hears of the next.
func (h *Handler) untold(ctx context.Context, a *outcome.Attempt, err error) {
	if err != nil {
		h.Complaints.Add(slog.LevelWarn, "report", "gates not told of a call",
			complaint.About(ctx, a.Revocation, "attempt", a.Number, "error", err)...)
	}
}
