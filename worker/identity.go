package worker

import (
	"context"
	"fmt"
	"time"

	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/iamport"
)

// issueSlack is how much later than its request a receipt may have been issued: by as
// much PortOne's clock may be ahead of Redis' beyond what is known of it.
const issueSlack = 5 * time.Minute

// lookFirst looks a receipt up before its DELETE, and reports whether there is to be
// none.
func (h *handler) lookFirst(ctx context.Context, a *outcome.Attempt) (found finding, over bool) {
	seen, pg := a.Seen, a.Revocation.PG
	l := h.lookUp(ctx, a)
	if l.err == nil {
		if why := h.another(a, seen, l.receipt); why != nil {
			a.Seen = seen
			return finding{verdict: reissued, err: why, looked: l}, true
		}
		return foundBy(l.receipt, uncounted), l.receipt.Revoked()
	}
	switch {
	case l.putsOff:
		away := verdict{status: outcome.Retrying, reason: l.reason, counting: turnedAway}
		return finding{verdict: away, err: l.err, looked: l}, true
	case !identified(a) || a.Revocation.ApplyNum == "" && pg.Known() && !pg.LooksUp():
		return found, false
	case l.neverIssued:
		return finding{verdict: notIssued, err: l.err, looked: l}, true
	}
	// Nothing is called as long as no lookup shows which receipt there is.
	unknown := verdict{status: outcome.Retrying, reason: l.reason, counting: counted}
	if a.Number == h.schedule.Attempts {
		unknown = exhausted
	}
	return finding{verdict: unknown, err: l.err, looked: l}, true
}

// identified reports whether a request says which receipt it means.
func identified(a *outcome.Attempt) bool { return a.Revocation.ApplyNum != "" || a.Revocation.Again }

// another returns why the receipt that exists now is not the one that is asked for, or
// nil: it has another number than the one that is named, or that an earlier lookup saw; or
// it is not revoked, and was issued after the request. An imp_uid has another receipt
// after each partial refund.
func (h *handler) another(a *outcome.Attempt, seen string, now iamport.Receipt) error {
	named := a.Revocation.ApplyNum
	switch {
	case named != "" && now.ApplyNum != named:
		return fmt.Errorf("the receipt is %s now, and %s was asked for", now.ApplyNum, named)
	case named != "" || now.Revoked():
		return nil
	case seen != "" && now.ApplyNum != seen:
		return fmt.Errorf("the receipt is %s now, and was %s when it was asked for", now.ApplyNum, seen)
	case seen == "" && now.AppliedAt.After(a.AskedAt.Add(h.ahead(a)+issueSlack)):
		return fmt.Errorf("the receipt %s was issued at %s, and asked for was one of before %s",
			now.ApplyNum, now.AppliedAt.UTC().Format(time.RFC3339), a.AskedAt.Format(time.RFC3339))
	}
	return nil
}

// ahead returns how far PortOne's clock is ahead of Redis', 0 where nobody knows.
func (h *handler) ahead(a *outcome.Attempt) time.Duration {
	now, known := h.api.Now()
	if !known {
		return 0
	}
	return now.Sub(a.Now())
}
