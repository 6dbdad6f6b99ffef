package revoke

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/sethvargo/go-retry"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/iamport"
)

// errUnseen is why a request is not given up by an attempt that has no answer of its own.
var errUnseen = errors.New("an earlier DELETE may have worked unseen")

// looked is what a lookup came to: a receipt, or why it showed none and what the table
// of answers says of that.
type looked struct {
	receipt iamport.Receipt
	err     error
	another error // why it is not the receipt that is asked for, nil if it is
	verdict
	answered    bool // it was let through and had an answer, whatever that says
	documented  bool // it showed a receipt, or an answer that PortOne documents
	neverIssued bool // PortOne says that there is no receipt
	putsOff     bool // now is not the time for a DELETE either
}

// newLooked returns what a lookup came to that ended with a receipt or an error.
func newLooked(receipt iamport.Receipt, err error) *looked {
	l := &looked{receipt: receipt, err: err, documented: err == nil}
	if err == nil {
		return l
	}
	if l.verdict = judge(err); l.status == outcome.Dead { // what ends a DELETE tells nothing here
		l.verdict = unreachable
	}
	var failure *iamport.Error
	if errors.As(err, &failure) && failure.Op == iamport.OpLookup {
		l.answered = failure.Status != 0 && l.counting != turnedAway
		whole := failure.Code != nil && failure.Err == nil
		l.neverIssued = whole && failure.Status == http.StatusNotFound
		l.documented = l.neverIssued || whole && failure.Status == http.StatusOK
		l.putsOff = l.verdict == rateLimited || failure.RetryAfter > 0
	}
	return l
}

// revoked reports whether the receipt that is asked for is revoked.
func (l *looked) revoked() bool { return l.receipt.Revoked() && l.another == nil }

// conclusive reports whether asking again would not tell more. Where lookups need not
// tell of the receipt, any answer is enough.
func (l *looked) conclusive(a *outcome.Attempt) bool {
	return l.documented || l.answered && !looksUp(a)
}

// lookUp looks a receipt up, and remembers for the next attempt what it came to. A
// Retry-After holds all calls.
func (h *Handler) lookUp(ctx context.Context, a *outcome.Attempt) *looked {
	l := newLooked(h.API.WithTier(a.Revocation.Tier).GetReceipt(ctx, a.Revocation.ImpUID))
	h.untold(ctx, a, h.hold(ctx, a, l.err))
	h.identify(a, l)
	switch {
	case l.conclusive(a):
		a.AskedSince = time.Time{}
	case a.AskedSince.IsZero():
		a.AskedSince = a.Now()
	}
	return l
}

// soonEnough is how long a lookup may take that only saves the next attempt: a slot waits
// for it, and the gate for what the DELETE said.
const soonEnough = 5 * time.Second

// lookSoon is lookUp, but for a lookup that takes long: that tells nothing.
func (h *Handler) lookSoon(ctx context.Context, a *outcome.Attempt) *looked {
	ctx, cancel := context.WithTimeout(ctx, soonEnough)
	defer cancel()
	return h.lookUp(ctx, a)
}

// giveUp looks the receipt up before it becomes a dead letter, unless that was done
// after the DELETE or it was withdrawn before the first one, and returns found if there
// is nothing better to say. As long as an earlier DELETE may be at work, or no lookup
// tells what it did, it is not the moment to give up.
func (h *Handler) giveUp(ctx context.Context, a *outcome.Attempt, found finding) finding {
	l, pg := found.looked, a.Revocation.PG
	if found.status != outcome.Dead || found.verdict == takenBack && !called(a) {
		return found
	} else if l == nil {
		l = h.lookUp(ctx, a)
	}
	switch {
	case l.revoked():
		return foundBy(&l.receipt, found.counting)
	case !l.conclusive(a) && !h.enough(a, l):
		return found.postponed(l.reason, l.err)
	case a.Uncertain() && a.Now().Before(a.UncertainAt.Add(h.UnseenFor)):
		return found.doubted()
	// The gateway is the one that the producer says.
	case l.err != nil && !(l.neverIssued && pg.LooksUp()) && (a.Uncertain() || h.lossy(ctx)):
		found.reason = outcome.ReasonUnconfirmed
	}
	return found
}

// called reports whether a DELETE may have been made before this attempt.
func called(a *outcome.Attempt) bool {
	return a.Number > 1 || a.Uncertain() || a.FailedBefore || a.Tries > 0
}

// conclude begins an attempt that makes no DELETE, to end what nobody is to go on with:
// as withdrawn if it is, and else with the verdict that why returns; unless a lookup says
// that the receipt is revoked. It finds nothing if another attempt is running, or it has
// ended.
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
	if found.verdict = why(attempt); attempt.Withdrawn {
		found.verdict = takenBack
	}
	found = h.giveUp(ctx, attempt, found)
	_ = h.record(ctx, attempt, found) // the error is for Asynq
	return found, nil
}

// lossy reports whether Redis may have forgotten an earlier attempt, also where no
// worker had noticed that when this one began.
func (h *Handler) lossy(ctx context.Context) (lossy bool) {
	err := h.persist(ctx, func(ctx context.Context) error {
		left, err := h.Heartbeat.Beat(ctx)
		lossy = left > 0
		return retry.RetryableError(err)
	})
	return lossy || err != nil
}

// foundBy returns the finding that a lookup shows a revoked receipt, and whether a
// DELETE before it counts.
func foundBy(receipt *iamport.Receipt, counting counting) finding {
	found := finding{verdict: foundRevoked, receipt: receipt}
	found.counting = counting
	return found
}

// postponed returns the finding that it is not the moment to give up, and why.
func (f finding) postponed(reason outcome.Reason, err error) finding {
	return finding{verdict: verdict{status: outcome.Retrying, reason: reason, counting: f.counting}, err: err}
}

// doubted returns the finding that it is not the moment to give up, since a DELETE may have
// worked unseen: see [Handler.lookedUpUntil]. The last answer and its reason stay, unless this
// attempt had one by which it is tried again.
func (f finding) doubted() finding {
	var reason outcome.Reason
	var answer *iamport.Error
	if row := judge(f.err); errors.As(f.err, &answer) && row.status == outcome.Retrying {
		reason = row.reason
	}
	return f.postponed(reason, cmp.Or(f.err, errUnseen))
}

// enough reports whether to look up no more although no lookup was conclusive: answers
// have told nothing for [Handler.GiveUpAfter], or PortOne has let others in meanwhile.
func (h *Handler) enough(a *outcome.Attempt, l *looked) bool {
	if l.answered {
		return a.Now().Sub(a.AskedSince) >= h.GiveUpAfter
	}
	return h.shutOut(a, a.AskedSince) || l.counting == turnedAway && h.shutOut(a, a.RefusedSince)
}

// shutOut reports whether PortOne has not let a request in for [Handler.GiveUpAfter],
// while it let others in: its gate stood open all the time, and it answered a call in
// the second half of it. The gate alone does not tell, since few calls close none; and
// a success at the beginning may be one of before the key was refused.
func (h *Handler) shutOut(a *outcome.Attempt, since time.Time) bool {
	portone := h.Gates.States()[gate.PortOne]
	if h.Gates.Closed() != nil || since.IsZero() {
		return false
	}
	if portone.OpenedAt.After(since) {
		since = portone.OpenedAt
	}
	now := a.Now()
	return now.Sub(since) >= h.GiveUpAfter && now.Sub(portone.SucceededAt) <= h.GiveUpAfter/2
}
