package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// printJSON writes a value as one line.
func printJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

// printer writes outcomes, one a line: JSON, or aligned for people.
type printer struct {
	screen
	json bool
}

func (p *program) printer() printer { return printer{newScreen(p.stdout), p.json} }

func (p printer) outcome(o outcome.Outcome) error { return p.held(o, "") }

// held writes an outcome and, if that is known, what keeps it from being called.
func (p printer) held(o outcome.Outcome, cause string) error {
	if p.json {
		return printJSON(p.out, o)
	}
	line := fmt.Sprintf("%s  %s  %s", pad(o.ImpUID, 18), pad(string(o.Status), 8), pad(string(o.Reason), 20))
	if o.Attempts > 0 {
		line += fmt.Sprintf("  %2d×", o.Attempts)
	}
	note := note(o, cause)
	if o.Status.Terminal() && !o.UpdatedAt.IsZero() && (o.Reason.Stated() || o.CancelledAt.IsZero()) {
		note = strings.TrimSuffix("at "+moment(o.UpdatedAt)+": "+note, ": ")
	}
	if note != "" {
		line += "  " + note
	}
	return p.line(line, hanging)
}

// letter writes a dead letter: when, of which gateway and of which batch it is, too.
func (p printer) letter(o outcome.Outcome) error { return p.ended(o, pad(string(o.Reason), 20)) }

// event writes an outcome of the stream, as a dead letter, and its status.
func (p printer) event(o outcome.Outcome) error {
	return p.ended(o, pad(string(o.Status), 8)+"  "+pad(string(o.Reason), 20))
}

// ended writes an outcome of a list in order of time; as says what it ended as.
func (p printer) ended(o outcome.Outcome, as string) error {
	if p.json {
		return printJSON(p.out, o)
	}
	return p.line(fmt.Sprintf("%s %s  %s  %s  %s  %2d×  %s  %s",
		pad(minute(o.UpdatedAt), 16), zone(o.UpdatedAt), pad(o.ImpUID, 16), pad(cmp.Or(string(o.PG), "-"), 6), as, o.Attempts,
		cmp.Or(o.Batch, "-"), note(o, "")), hanging)
}

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
	case o.Attempts == 0 && o.HTTPStatus == 0: // calls that a gate or a retry took back were answered
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

// The statuses that are shown where there is no outcome.
const (
	unknown outcome.Status = "unknown" // nobody asked for the imp_uid
	invalid outcome.Status = "invalid" // the line cannot be asked for
	corrupt outcome.Status = "corrupt" // what Redis holds is no outcome
)
