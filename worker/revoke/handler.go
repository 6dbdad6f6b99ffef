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

// ProcessTask makes one attempt at what a task asks for and records what it found. It returns, for
// Asynq, nil if the receipt is revoked, an error that wraps [asynq.SkipRetry] if it never will be, and
// an [*again] otherwise.
func (h *Handler) ProcessTask(ctx context.Context, task *asynq.Task) error {
	_ = growStack(len(task.Payload()))
	// A busy process reads the gates and counts its heartbeat more often: see package pace.
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
	// A task on another gateway's queue would take that gateway's slots, and would not wait for its own
	// gate.
	if misplaced(ctx, revocation) {
		return h.move(ctx, revocation)
	}
	// From here to the beginning of the attempt the worker may stop at any moment: nothing is written
	// yet.
	starting, release := until(ctx, h.Stopping)
	defer release()
	queue, _ := asynq.GetQueueName(ctx)
	// The place and the gates come first: waiting there writes nothing and counts nothing.
	leave, _, err := h.Places.Enter(starting, queue)
	if err != nil {
		return h.held(ctx, revocation, err)
	}
	defer leave()
	call, err := h.Gates.Enter(starting, revocation.PG, queue)
	if err != nil {
		return h.held(ctx, revocation, err)
	}
	attempt, err := h.begin(starting, revocation)
	if err != nil {
		return h.notBegun(revocation, err)
	}
	found, err := h.carryOut(ctx, attempt, func(ctx context.Context) finding {
		defer leave()
		return h.inSlot(ctx, attempt.Attempt, call, queue)
	})
	// The request names another gateway than its task: only now is that known.
	if errors.Is(found.err, errMisplaced) {
		return h.move(ctx, attempt.Revocation)
	}
	return err
}

// carryOut makes an attempt that has begun and records what it found, in a span of its own. The error
// is what Asynq hears. Probes make their attempts with it, too.
func (h *Handler) carryOut(ctx context.Context, b begun, attempt func(context.Context) finding) (finding, error) {
	a := b.Attempt
	defer h.Leases.hold(a, b.asked)()
	ctx, span := h.startSpan(ctx, a)
	defer span.End()

	// A DELETE cannot be taken back: it ends with its own timeout, and not when
	// Asynq loses its lease or a person cancels the task.
	ctx = context.WithoutCancel(ctx)
	found := attempt(ctx)
	return found, h.record(ctx, a, found)
}

// inSlot makes an attempt as soon as there is a slot for its calls. What let it through may not stand any more then, as
// where a call before it hung for a minute.
func (h *Handler) inSlot(ctx context.Context, a *outcome.Attempt, call *gate.Call, queue string) finding {
	leave, waited, err := h.Slots.Enter(h.Stopping, queue)
	if err != nil {
		return notMade(ErrStopping)
	}
	defer leave()
	if waited && !a.Withdrawn {
		if err := h.allowed(ctx, a, call); err != nil {
			return notMade(err)
		}
	}
	return h.attempt(ctx, a, call)
}

// attempt makes an attempt and returns what it found. Nothing is given up without a lookup, see
// [Handler.giveUp].
func (h *Handler) attempt(ctx context.Context, a *outcome.Attempt, call *gate.Call) finding {
	found := h.try(ctx, a, call)
	// PortOne has turned away this receipt for twelve hours, and no other: then it is the receipt that
	// is refused.
	if found.counting == turnedAway && h.shutOut(a, a.RefusedSince) {
		found.verdict = keptOut
	}
	return h.giveUp(ctx, a, found)
}

// try makes an attempt and returns what it found. From the second on a lookup comes first, since the
// DELETE before may have worked although no answer said so; and also before the first where the request
// says which receipt it means.
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
			// Where a DELETE follows, that one tells the gates.
			if says := signs(found.err); says.PortOne >= gate.Failed {
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

// lookFirst looks a receipt up before its DELETE, and reports whether there is to be none. The order of
// the cases is that of how much a lookup tells: another receipt, a receipt, not now, nothing that
// matters, no receipt, nothing for too long.
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
	// No receipt was ever issued: there is nothing to revoke, and no DELETE that would count.
	case l.neverIssued:
		found.verdict = verdict{status: outcome.Dead, reason: outcome.ReasonNotIssued}
	case l.counting != turnedAway && h.enough(a, l):
		found.verdict = spent
	}
	return found, true
}

// allowed returns why the DELETE of an attempt must not leave now, or nil. It is asked before the call,
// and once more when a token and a connection are there: either may have taken seconds.
func (h *Handler) allowed(ctx context.Context, a *outcome.Attempt, call *gate.Call) error {
	if h.Stopping.Err() != nil {
		return ErrStopping
	}
	if err := call.Err(ctx); err != nil {
		return err
	}
	// Last, since it may cost a round trip: no other attempt has begun while this process was frozen.
	if !h.Leases.valid(ctx, a) {
		return errLeaseLost
	}
	return nil
}

// revoke makes the DELETE of an attempt, if it is still allowed once there are a token and a
// connection, and returns what it found.
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
	// From now on the receipt may be revoked although no answer said so: a lookup comes before every
	// further DELETE.
	if found.effect == unseen {
		a.UncertainAt = a.Now()
	}
	// A 500 of a receipt that a person has revoked by hand looks like one of a gateway that fails. A
	// lookup at once tells them apart, so that such a receipt ends with its first call, and closes no
	// gate.
	if pg := a.Revocation.PG; found.verdict == pgFailure && (pg.LooksUp() || !pg.Known()) {
		if found.looked = h.lookSoon(ctx, a); found.looked.revoked() {
			h.tell(ctx, a, call, revokedBefore, nil)
			return foundBy(&found.looked.receipt, counted)
		}
	}
	h.report(ctx, a, call, err)
	if found.status == outcome.Retrying && found.counting == counted && call.Overtaken() {
		// It is the gateway that fails, and the gate knows: the attempt is given back.
		found.counting = uncounted
	}
	last := found.counting == counted && a.Number == h.Schedule.Attempts
	// The last attempt of the schedule has failed. Where its DELETE may have worked unseen, a lookup so
	// soon may miss what it did: then the request comes back once more, after its delay.
	if last && found.status == outcome.Retrying && found.effect == none {
		found.verdict = exhausted
	}
	return found
}
