package revoke

import (
	"context"
	"errors"
	"net/http"
	"time"

	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/iamport"
)

// looked is what a lookup showed: a receipt, or why it showed none and what the table of answers says
// of that.
type looked struct {
	receipt iamport.Receipt
	err     error
	another error // why it is not the receipt that is asked for, nil if it is
	verdict
	answered    bool // PortOne accepted it and answered, whatever the answer says
	documented  bool // it showed a receipt, or an answer that PortOne documents
	neverIssued bool // PortOne says that there is no receipt
	putsOff     bool // now is not the time for a DELETE either
}

// newLooked returns what a lookup showed that ended with a receipt or an error. A row of the table that
// ends a DELETE ends no lookup: a 404 of a proxy, or a 400, says nothing about the receipt.
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

// conclusive reports whether asking again would not tell more. Where lookups need not tell of the
// receipt, any answer is enough.
func (l *looked) conclusive(a *outcome.Attempt) bool {
	return l.documented || l.answered && !looksUp(a)
}

// lookUp looks a receipt up, and remembers for the next attempt since when lookups have told nothing. A
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

// soonEnough is how long a lookup may take that only saves the next attempt: a slot waits for it, and
// the gate for what the DELETE said.
const soonEnough = 5 * time.Second

// lookSoon is lookUp, but for a lookup that takes long: that tells nothing, and the next attempt looks
// again.
func (h *Handler) lookSoon(ctx context.Context, a *outcome.Attempt) *looked {
	ctx, cancel := context.WithTimeout(ctx, soonEnough)
	defer cancel()
	return h.lookUp(ctx, a)
}
