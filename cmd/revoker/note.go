package main

import (
	"fmt"
	"strings"
	"time"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// note says about an outcome what its status and reason do not.
func note(o outcome.Outcome, cause string) string {
	switch {
	case o.Withdrawn && o.Status == outcome.Dead && o.Reason != outcome.ReasonWithdrawn:
		o.Withdrawn = false
		return strings.TrimSuffix("cancelled, not retried; "+note(o, ""), "; ")
	case o.Reason == outcome.ReasonWithdrawn:
		return wasWithdrawn(o)
	case o.Reason.Stated() && o.StatedBy != "":
		return o.StatedBy + ": " + o.Statement
	case o.Status == outcome.Revoked && !o.CancelledAt.IsZero():
		return "at " + moment(o.CancelledAt) + approval(o)
	case o.Withdrawn && o.Status == outcome.Queued:
		return "cancelled: it ends as withdrawn, and is not called"
	case o.Withdrawn && blind(o.PG) && o.LookedUpUntil.IsZero():
		return behind("cancelled: no other DELETE follows, it ends as withdrawn", o)
	case o.Withdrawn && blind(o.PG):
		return behind("cancelled: no other DELETE follows"+unseen(o)+": open until "+moment(o.LookedUpUntil), o)
	case o.Withdrawn:
		return behind("cancelled: no other DELETE follows, a lookup decides"+unseen(o), o)
	case cause != "":
		return behind(cause+unseen(o), o)
	case o.Status == outcome.Retrying && !o.NextAttemptAt.IsZero():
		return behind(next(o.NextAttemptAt, time.Now())+unseen(o), o)
	case !o.LookedUpUntil.IsZero(): // its worker has died in the first attempt
		return strings.TrimPrefix(behind(unseen(o), o), "; ")
	}
	return lastAnswer(o)
}

// wasWithdrawn says what is known of one that has ended as withdrawn.
func wasWithdrawn(o outcome.Outcome) string {
	switch {
	case o.Attempts == 0:
		return "cancelled, never called"
	case blind(o.PG):
		return behind("cancelled after it had failed", o)
	}
	return behind("cancelled, a lookup found it not revoked", o)
}

// blind reports whether PortOne documents no lookup for a gateway.
func blind(pg tasks.Gateway) bool { return pg.Known() && !pg.LooksUp() }

// unseen says of one of which a DELETE may have worked unseen until when it is looked up.
func unseen(o outcome.Outcome) string {
	const may = "; a DELETE may have worked unseen, "
	switch {
	case o.LookedUpUntil.IsZero():
		return ""
	case blind(o.PG):
		return may + "no lookup can tell"
	case o.LookedUpUntil.Before(time.Now()):
		return may + "its next lookup tells"
	}
	return may + "looked up until " + moment(o.LookedUpUntil)
}

// behind returns a text with the last answer behind it, if there was one.
func behind(text string, o outcome.Outcome) string {
	return strings.TrimSuffix(text+"; last answer: "+lastAnswer(o), "; last answer: ")
}

// lastAnswer returns the last answer's message, and its status where that says more: there
// is no message, or something other than PortOne answered.
func lastAnswer(o outcome.Outcome) string {
	if o.HTTPStatus == 0 || o.Status == outcome.Revoked || o.Code != nil && o.Message != "" {
		return o.Message
	}
	return strings.TrimSuffix(fmt.Sprintf("HTTP %d: %s", o.HTTPStatus, o.Message), ": ")
}

// approval names the tax office's number of a receipt.
func approval(o outcome.Outcome) string {
	if o.ApplyNum == "" {
		return ""
	}
	return ", 국세청 " + o.ApplyNum
}

// next says when the next attempt comes.
func next(at, now time.Time) string {
	if at.Before(now) {
		return "due since " + moment(at)
	}
	return "next at " + moment(at)
}
