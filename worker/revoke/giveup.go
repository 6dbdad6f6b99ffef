package revoke

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/sethvargo/go-retry"

	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/iamport"
)

// errUnseen is why a request is not given up by an attempt that has no answer of its own.
var errUnseen = errors.New("an earlier DELETE may have worked unseen")

// giveUp looks the receipt up before it becomes a dead letter, unless that was done after the DELETE or
// the request was withdrawn before the first one, and returns found if there is nothing better to say.
// As long as an earlier DELETE may be at work, or no lookup tells what it did, it is not the moment to
// give up.
func (h *Handler) giveUp(ctx context.Context, a *outcome.Attempt, found finding) finding {
	l, pg := found.looked, a.Revocation.PG
	if found.status != outcome.Dead || found.verdict == takenBack && !called(a) {
		return found
	} else if l == nil {
		l = h.lookUp(ctx, a)
	}
	if l.revoked() {
		return foundBy(&l.receipt, found.counting)
	}
	// After a loss of data, Redis may have forgotten a DELETE of an earlier attempt. Then this request
	// counts as one of which a DELETE may have worked unseen.
	if !a.Uncertain() && h.lossy(ctx) {
		a.UncertainAt = a.Now()
	}
	switch {
	case !l.conclusive(a) && !h.enough(a, l):
		return found.postponed(l.reason, l.err)
	case a.Uncertain() && a.Now().Before(a.UncertainAt.Add(h.UnseenFor)):
		return found.doubted()
	// A lookup that fails leaves the doubt, and so does a 404 of a gateway for which PortOne documents
	// no lookup. The gateway is the one that the producer named: see "A producer's pg is believed" in
	// README.
	case l.err != nil && !(l.neverIssued && pg.LooksUp()) && a.Uncertain():
		found.reason = outcome.ReasonUnconfirmed
	}
	return found
}

// called reports whether a DELETE may have been made before this attempt. It errs towards yes: a call
// that PortOne turned away, which Tries counts, is one.
func called(a *outcome.Attempt) bool {
	return a.Number > 1 || a.Uncertain() || a.FailedBefore || a.Tries > 0
}

// lossy reports whether Redis may have forgotten an earlier attempt, also where no worker had noticed
// that when this one began: it waits until others have had the time to notice, two seconds at most.
// Where Redis does not answer, it says yes, since nothing may be given up then.
func (h *Handler) lossy(ctx context.Context) (lossy bool) {
	err := h.persist(ctx, func(ctx context.Context) error {
		select {
		case <-ctx.Done():
		case <-time.After(h.Heartbeat.Unsettled()):
		}
		left, err := h.Heartbeat.Beat(ctx)
		lossy = left > 0
		return retry.RetryableError(err)
	})
	return lossy || err != nil
}

// foundBy returns the finding that a lookup shows a revoked receipt, and whether a DELETE before it
// counts.
func foundBy(receipt *iamport.Receipt, counting counting) finding {
	found := finding{verdict: foundRevoked, receipt: receipt}
	found.counting = counting
	return found
}

// postponed returns the finding that it is not the moment to give up, and why. The attempt counts as it
// would have.
func (f finding) postponed(reason outcome.Reason, err error) finding {
	return finding{verdict: verdict{status: outcome.Retrying, reason: reason, counting: f.counting}, err: err}
}

// doubted returns the finding that it is not the moment to give up, since a DELETE may have worked
// unseen: see [Handler.lookedUpUntil]. The last answer and its reason stay in the outcome, unless this
// attempt had an answer by which it is tried again.
func (f finding) doubted() finding {
	var reason outcome.Reason
	var answer *iamport.Error
	if row := judge(f.err); errors.As(f.err, &answer) && row.status == outcome.Retrying {
		reason = row.reason
	}
	return f.postponed(reason, cmp.Or(f.err, errUnseen))
}

// enough reports whether to look up no more although no lookup was conclusive: answers have told
// nothing for [Handler.GiveUpAfter], or PortOne has accepted others meanwhile. Without any answer
// it is PortOne that cannot be asked, and then nothing is given up.
func (h *Handler) enough(a *outcome.Attempt, l *looked) bool {
	if l.answered {
		return a.Now().Sub(a.AskedSince) >= h.GiveUpAfter
	}
	return h.shutOut(a, a.AskedSince) || l.counting == turnedAway && h.shutOut(a, a.RefusedSince)
}

// shutOut reports whether PortOne has not accepted a request for [Handler.GiveUpAfter], while it
// accepted others: its gate stood open all the time, and it answered a call in the second half of
// it. The gate alone does not tell, since few calls close none; and a success at the beginning may
// be one of before the key was refused. Otherwise one wrong key would make a dead letter of every
// receipt.
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
