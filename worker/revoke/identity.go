package revoke

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/iamport"
)

// issueSlack is how much later than its request a receipt may have been issued: by as much PortOne's
// clock may be ahead of Redis' beyond what is known of it. Too little would leave receipts alone that
// were meant; too much would revoke one that was issued just after the request.
const issueSlack = 5 * time.Minute

// identified reports whether a request says which receipt it means.
func identified(a *outcome.Attempt) bool { return a.Revocation.ApplyNum != "" || a.Revocation.Again }

// mustTell reports whether nothing is called before a lookup tells which receipt there is now: the
// request says which one it means, a lookup has shown that one before, or a DELETE may have revoked it
// unseen, and another may have been issued since.
func mustTell(a *outcome.Attempt) bool {
	return looksUp(a) && (identified(a) || a.Seen != "" || a.Uncertain())
}

// looksUp reports whether a lookup should tell of a receipt: PortOne documents lookups for its gateway,
// the gateway is not known, or the number of the receipt is.
func looksUp(a *outcome.Attempt) bool {
	pg := a.Revocation.PG
	return pg.LooksUp() || !pg.Known() || a.Revocation.ApplyNum != "" || a.Seen != ""
}

// identify says of a lookup whether it shows the receipt that is asked for, and remembers the number of
// that one alone. Without a number that matters, it tells nothing; nor does a 200 with a code of its
// own where the request says which receipt it means.
func (h *Handler) identify(a *outcome.Attempt, l *looked) {
	named, now := a.Revocation.ApplyNum, l.receipt
	switch {
	case l.err != nil:
		l.documented = l.documented && (l.neverIssued || !identified(a))
	// A receipt that a lookup once showed with its number, and now without, may be another one.
	case now.ApplyNum == "" && (named != "" || a.Seen != "" && !now.Revoked()):
		*l = looked{err: errors.New("the lookup shows no apply_num"), verdict: unreachable, answered: true}
	default:
		if l.another = h.another(a, now); l.another == nil {
			a.Seen = cmp.Or(now.ApplyNum, a.Seen)
		}
	}
}

// another returns why the receipt that exists now is not the one that is asked for, or nil: it has
// another number than the one that is named, or that an earlier lookup saw; or no number is known, it
// is not revoked, and was issued after the request. An imp_uid has another receipt after each partial
// refund. Numbers are compared without leading zeros, which Excel strips.
func (h *Handler) another(a *outcome.Attempt, now iamport.Receipt) error {
	named, seen := a.Revocation.ApplyNum, a.Seen
	switch {
	case named != "" && tasks.BareApplyNum(now.ApplyNum) != tasks.BareApplyNum(named):
		return fmt.Errorf("the receipt is %s now%s, and %s was asked for", now.ApplyNum, orRevoked(now), named)
	case named == "" && seen != "" && cmp.Or(now.ApplyNum, seen) != seen:
		return fmt.Errorf("the receipt is %s now%s, and was %s when it was asked for", now.ApplyNum, orRevoked(now), seen)
	case named+seen == "" && !now.Revoked() && now.AppliedAt.After(a.AskedAt.Add(h.ahead(a)+issueSlack)):
		return fmt.Errorf("the receipt %s was issued at %s, and asked for was one of before %s",
			now.ApplyNum, now.AppliedAt.UTC().Format(time.RFC3339), a.AskedAt.Format(time.RFC3339))
	}
	return nil
}

// orRevoked says of another receipt that it is revoked as well: by hand, or since it was issued between
// the lookup and the DELETE of an attempt, which cannot be told apart. A person has to know either way.
func orRevoked(now iamport.Receipt) string {
	if now.Revoked() {
		return ", which is revoked too"
	}
	return ""
}

// ahead returns how far PortOne's clock is ahead of Redis', 0 where it is unknown, which is while there
// is no token: PortOne tells its time with each.
func (h *Handler) ahead(a *outcome.Attempt) time.Duration {
	now, known := h.API.Now()
	if !known {
		return 0
	}
	return now.Sub(a.Now())
}
