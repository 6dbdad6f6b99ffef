package worker

import (
	"context"
	"errors"
	"net/http"
	"time"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/iamport"
)

// askFor is for how long, once the schedule is over, an imp_uid is looked up
// again where PortOne answers nothing usable. It outlasts announced maintenance.
const askFor = 12 * time.Hour

// giveUp looks the receipt up before it becomes a dead letter, and returns
// found if there is nothing better to say. As long as nobody can be asked it
// is not the moment to give up: an earlier DELETE may have worked.
func (h *handler) giveUp(ctx context.Context, a outcome.Attempt, found finding) finding {
	receipt, err := h.api.GetReceipt(ctx, a.Revocation.ImpUID)
	switch {
	case err == nil && receipt.Revoked():
		return foundBy(receipt, found.counted)
	case err != nil && !h.enough(a, err):
		found.verdict = verdict{status: outcome.Retrying, reason: judge(err).reason, counted: found.counted}
		found.err = err
	case err != nil && (a.Uncertain || found.uncertain) && !neverIssued(err, a.Revocation.PG):
		found.reason = outcome.ReasonUnconfirmed
	}
	return found
}

// foundBy returns the finding that a lookup shows a revoked receipt, and whether a
// DELETE before it counts.
func foundBy(receipt iamport.Receipt, counted bool) finding {
	found := finding{verdict: foundRevoked, receipt: receipt}
	found.counted = counted
	return found
}

// enough reports whether asking again after a failed lookup would not help. Any
// answer is enough for a gateway known to have no lookups, and, once the schedule
// and [askFor] are over, for every gateway. No answer at all never is, nor is one
// that says to come back or that the caller is not known.
func (h *handler) enough(a outcome.Attempt, err error) bool {
	switch {
	case conclusive(err):
		return true
	case !answered(err):
		return false
	}
	pg := a.Revocation.PG
	return pg.Known() && !pg.LooksUp() || time.Since(a.Since()) > h.schedule.length()+askFor
}

// conclusive reports whether a failed lookup is PortOne's own answer about
// this payment, 404 above all, rather than a sign that nobody was asked.
// Neither says that the receipt is not revoked; but asking again helps only in
// the second case.
func conclusive(err error) bool {
	v := judge(err)
	return v.status == outcome.Dead || v.reason == outcome.ReasonPGFailure
}

// answered reports whether a failed lookup was let through and had an answer,
// whatever it says.
func answered(err error) bool {
	var failure *iamport.Error
	if !errors.As(err, &failure) || failure.Op == iamport.OpToken || failure.Status == 0 {
		return false
	}
	return judge(err) != rateLimited && failure.Status != http.StatusUnauthorized
}

// neverIssued reports whether a failed lookup says that there is no receipt:
// a 404, on a gateway for which PortOne documents lookups.
func neverIssued(err error, pg tasks.Gateway) bool {
	var failure *iamport.Error
	return errors.As(err, &failure) && failure.Status == http.StatusNotFound && pg.LooksUp()
}
