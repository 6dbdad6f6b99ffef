package worker

import (
	"context"
	"log/slog"

	"github.com/hibiken/asynq"
	"go.opentelemetry.io/otel/trace"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/iamport"
)

// handler carries revocations out.
type handler struct {
	api      *iamport.Client
	outcomes *outcome.Store
	queue    *asynq.Client
	gates    *gate.Gates
	leases   *leases
	schedule Schedule
	log      *slog.Logger
	tracer   trace.Tracer
	// onAttempt is told of every attempt that has ended.
	onAttempt func(Ended)
	// complaints is the log of what goes wrong with Redis.
	complaints *complaints

	// stopping is done once no new revocation may begin.
	stopping context.Context
	// abandoned is done when the process no longer waits for what is running.
	abandoned context.Context
}

// ProcessTask makes one attempt at what a task asks for and records what came
// of it. It returns, for Asynq, nil if the receipt is revoked, an error that
// wraps [asynq.SkipRetry] if it never will be, and an [*again] otherwise.
func (h *handler) ProcessTask(ctx context.Context, task *asynq.Task) error {
	if h.stopping.Err() != nil {
		return &again{cause: errStopping}
	}
	ctx = tasks.ContextWithTrace(ctx, task.Headers())
	revocation, err := parse(ctx, task)
	if err != nil {
		return h.bury(ctx, revocation, err)
	}
	if misplaced(ctx, revocation) {
		return h.move(ctx, revocation)
	}
	call, err := h.enter(ctx, revocation)
	if err != nil {
		return h.held(ctx, revocation, err)
	}
	attempt, err := h.begin(ctx, revocation)
	if err != nil {
		return h.notBegun(revocation, err)
	}
	_, err = h.carryOut(ctx, attempt, call)
	return err
}

// carryOut makes an attempt that has begun and records what it found, in a span
// of its own. The error is what Asynq hears.
func (h *handler) carryOut(ctx context.Context, b begun, call *gate.Call) (finding, error) {
	a := b.Attempt
	release := h.leases.holdSince(a, b.asked)
	defer release()
	ctx, span := h.startSpan(ctx, a)
	defer span.End()

	// A DELETE cannot be taken back: it ends with its own timeout, and not when
	// Asynq loses its lease or a person cancels the task.
	ctx = context.WithoutCancel(ctx)
	found := h.attempt(ctx, a, call)
	return found, h.record(ctx, a, found)
}

// attempt makes an attempt and returns what it found. From the second on a
// lookup comes first, since the DELETE before may have worked although nobody
// said so.
func (h *handler) attempt(ctx context.Context, a outcome.Attempt, call *gate.Call) finding {
	impUID := a.Revocation.ImpUID
	if a.Number > h.schedule.Attempts {
		return h.giveUp(ctx, a, finding{verdict: spent})
	}
	if a.Number > 1 || a.Uncertain {
		if receipt, err := h.api.GetReceipt(ctx, impUID); err == nil && receipt.Revoked() {
			return finding{verdict: foundRevoked, receipt: receipt}
		}
	}
	if h.stopping.Err() != nil {
		return finding{verdict: putBack, err: errStopping}
	}
	if err := call.Err(); err != nil {
		return finding{verdict: paused, err: err}
	}
	if !h.leases.valid(ctx, a) {
		return finding{verdict: putBack, err: errLeaseLost}
	}

	return h.revoke(ctx, a, call)
}

// revoke makes the DELETE of an attempt and returns what it found.
func (h *handler) revoke(ctx context.Context, a outcome.Attempt, call *gate.Call) finding {
	receipt, err := h.api.RevokeReceipt(ctx, a.Revocation.ImpUID)
	if err == nil {
		h.report(ctx, a, call, nil)
		return finding{verdict: revoked, receipt: receipt}
	}
	found := finding{verdict: judge(err), err: err, uncertain: mayHaveWorked(err)}
	if found.verdict == pgFailure {
		if receipt, ok := h.revokedBefore(ctx, a.Revocation); ok {
			h.report(ctx, a, call, nil) // the gateway refused what it had revoked: it works
			return foundBy(receipt, true)
		}
	}
	h.report(ctx, a, call, err)
	if found.status == outcome.Retrying && call.Overtaken() {
		found.counted = false // it is the gateway that fails, and the gate knows
	}
	last := found.counted && a.Number == h.schedule.Attempts
	if last && found.status == outcome.Retrying && !found.uncertain { // else a lookup so soon may miss what it did
		found.verdict = exhausted
	}
	if found.status == outcome.Dead {
		return h.giveUp(ctx, a, found)
	}
	return found
}

// revokedBefore looks a receipt up that its gateway would not revoke, unless PortOne
// documents no lookups for the gateway. It reports whether the receipt is revoked.
func (h *handler) revokedBefore(ctx context.Context, r tasks.Revocation) (iamport.Receipt, bool) {
	if r.PG.Known() && !r.PG.LooksUp() {
		return iamport.Receipt{}, false
	}
	receipt, err := h.api.GetReceipt(ctx, r.ImpUID)
	return receipt, err == nil && receipt.Revoked()
}
