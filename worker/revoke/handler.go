package revoke

import (
	"context"
	"errors"

	"github.com/hibiken/asynq"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/iamport"
)

// ProcessTask makes one attempt at what a task asks for and records what came
// of it. It returns, for Asynq, nil if the receipt is revoked, an error that
// wraps [asynq.SkipRetry] if it never will be, and an [*again] otherwise.
func (h *Handler) ProcessTask(ctx context.Context, task *asynq.Task) error {
	_ = growStack(len(task.Payload()))
	defer h.Pace.Begin()()
	if h.Stopping.Err() != nil {
		return &again{cause: ErrStopping}
	}
	ctx = tasks.ContextWithTrace(ctx, task.Headers())
	id, _ := asynq.GetTaskID(ctx)
	revocation, err := tasks.ParseTask(task.Type(), task.Payload(), id)
	if err != nil {
		return h.bury(ctx, revocation, err)
	}
	if misplaced(ctx, revocation) {
		return h.move(ctx, revocation)
	}
	starting, release := until(ctx, h.Stopping)
	defer release()
	queue, _ := asynq.GetQueueName(ctx)
	call, err := h.Gates.Enter(starting, revocation.PG, queue) // first: waiting writes nothing and counts nothing
	if err != nil {
		return h.held(ctx, revocation, err)
	}
	attempt, err := h.begin(starting, revocation)
	if err != nil {
		return h.notBegun(revocation, err)
	}
	found, err := h.carryOut(ctx, attempt, call)
	if errors.Is(found.err, errMisplaced) {
		return h.move(ctx, attempt.Revocation)
	}
	return err
}

// carryOut makes an attempt that has begun and records what it found, in a span
// of its own. The error is what Asynq hears.
func (h *Handler) carryOut(ctx context.Context, b begun, call *gate.Call) (finding, error) {
	a := b.Attempt
	defer h.Leases.hold(a, b.asked)()
	ctx, span := h.startSpan(ctx, a)
	defer span.End()

	// A DELETE cannot be taken back: it ends with its own timeout, and not when
	// Asynq loses its lease or a person cancels the task.
	ctx = context.WithoutCancel(ctx)
	found := h.attempt(ctx, a, call)
	return found, h.record(ctx, a, found)
}

// attempt makes an attempt and returns what it found. Nothing is given up without a
// lookup.
func (h *Handler) attempt(ctx context.Context, a *outcome.Attempt, call *gate.Call) finding {
	found := h.try(ctx, a, call)
	if found.counting == turnedAway && h.shutOut(a, a.RefusedSince) {
		found.verdict = keptOut
	}
	return h.giveUp(ctx, a, found)
}

// try makes an attempt and returns what it found. From the second on a lookup comes
// first, since the DELETE before may have worked although no answer said so; and also before
// the first where the request says which receipt it means.
func (h *Handler) try(ctx context.Context, a *outcome.Attempt, call *gate.Call) finding {
	switch {
	case a.Withdrawn:
		return finding{verdict: takenBack}
	case !call.Through(a.Revocation.PG):
		return finding{verdict: putBack, err: errMisplaced}
	case a.Number > h.Schedule.Attempts:
		return finding{verdict: spent}
	case a.Number > 1 || a.Uncertain() || identified(a):
		if found, over := h.lookFirst(ctx, a); over {
			if says := signs(found.err); says.PortOne >= gate.Failed { // else the DELETE tells that
				h.tell(ctx, a, call, says, nil)
			}
			return found
		}
	}
	allowed := func(ctx context.Context) error { return h.allowed(ctx, a, call) }
	if err := allowed(ctx); err != nil {
		return notMade(err)
	}
	return h.revoke(ctx, a, call, allowed)
}

// lookFirst looks a receipt up before its DELETE, and reports whether there is to be
// none.
func (h *Handler) lookFirst(ctx context.Context, a *outcome.Attempt) (found finding, over bool) {
	l := h.lookUp(ctx, a)
	wait := verdict{status: outcome.Retrying, reason: l.reason, counting: turnedAway}
	found = finding{verdict: wait, err: l.err, looked: l}
	switch {
	case l.another != nil:
		found.verdict, found.err = reissued, l.another
	case l.err == nil:
		return foundBy(&l.receipt, uncounted), l.receipt.Revoked()
	case l.putsOff:
	case !mustTell(a) || l.documented && !identified(a):
		return finding{}, false
	case l.neverIssued: // no DELETE counts
		found.verdict = verdict{status: outcome.Dead, reason: outcome.ReasonNotIssued}
	case l.counting != turnedAway && h.enough(a, l):
		found.verdict = spent
	}
	return found, true
}

// allowed returns why the DELETE of an attempt must not leave now, or nil.
func (h *Handler) allowed(ctx context.Context, a *outcome.Attempt, call *gate.Call) error {
	if h.Stopping.Err() != nil {
		return ErrStopping
	}
	if err := call.Err(ctx); err != nil {
		return err
	}
	if !h.Leases.valid(ctx, a) {
		return errLeaseLost
	}
	return nil
}

// revoke makes the DELETE of an attempt, if it is still allowed once there are a token and
// a connection, and returns what it found.
func (h *Handler) revoke(
	ctx context.Context, a *outcome.Attempt, call *gate.Call, allowed func(context.Context) error,
) finding {
	receipt, err := h.API.WithTier(a.Revocation.Tier).RevokeIf(ctx, a.Revocation.ImpUID, allowed)
	var refused *iamport.NotAllowedError
	switch {
	case err == nil:
		h.report(ctx, a, call, nil)
		return finding{verdict: revoked, receipt: &receipt}
	case errors.As(err, &refused):
		return notMade(refused.Err)
	}
	found := finding{verdict: judge(err), err: err}
	if found.effect == unseen {
		a.UncertainAt = a.Now()
	}
	if pg := a.Revocation.PG; found.verdict == pgFailure && (pg.LooksUp() || !pg.Known()) {
		if found.looked = h.lookSoon(ctx, a); found.looked.revoked() {
			h.tell(ctx, a, call, revokedBefore, nil)
			return foundBy(&found.looked.receipt, counted)
		}
	}
	h.report(ctx, a, call, err)
	if found.status == outcome.Retrying && found.counting == counted && call.Overtaken() {
		found.counting = uncounted // it is the gateway that fails, and the gate knows
	}
	last := found.counting == counted && a.Number == h.Schedule.Attempts
	if last && found.status == outcome.Retrying && found.effect == none { // else a lookup so soon may miss what it did
		found.verdict = exhausted
	}
	return found
}
