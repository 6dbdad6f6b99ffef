package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// printJSON writes a value as one line that a terminal may show, see [escaped]. Without HTML escapes,
// which encoding/json writes by default, a gateway's message keeps its &, < and > as people read them.
func printJSON(w io.Writer, value any) error {
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return err
	}
	_, err := w.Write(escaped(line.Bytes()))
	return err
}

// printer writes outcomes, one a line: JSON with all fields of [outcome.Fields] that are set, or
// columns for people, whose last one is a remark. Its widths fit an imp_uid of PortOne, imp_ and 12
// digits, and the longest reason, unsupported_gateway.
type printer struct {
	screen
	json bool
}

func (p *program) printer() printer { return printer{newScreen(p.stdout), p.json} }

// outcome writes an outcome of which the caller does not know what holds it.
func (p printer) outcome(o outcome.Outcome) error { return p.held(o, "") }

// held writes an outcome and, unless cause is empty, what keeps workers from calling for it. JSON
// leaves the cause out: it is of the queue and not of the receipt, and queue list --json has it.
func (p printer) held(o outcome.Outcome, cause string) error {
	if p.json {
		return printJSON(p.out, o)
	}
	line := fmt.Sprintf("%s  %s  %s", pad(o.ImpUID, 18), pad(string(o.Status), 8), pad(string(o.Reason), 20))
	if o.Attempts > 0 {
		line += fmt.Sprintf("  %2d×", o.Attempts)
	}
	note := note(o, cause)
	// A terminal outcome shows when it ended. Where PortOne said when the receipt was revoked, the
	// note has that time instead; of a settled letter it is the time at which the person settled it.
	if o.Status.Terminal() && !o.UpdatedAt.IsZero() && (o.Reason.Stated() || o.CancelledAt.IsZero()) {
		note = strings.TrimSuffix("at "+moment(o.UpdatedAt)+": "+note, ": ")
	}
	if note != "" {
		line += "  " + note
	}
	return p.line(line, hanging)
}

// letter writes a dead letter, and when it was given up, its gateway and its batch. The status is left
// out: all letters on the list are dead.
func (p printer) letter(o outcome.Outcome) error { return p.ended(o, pad(string(o.Reason), 20)) }

// event writes an outcome of the stream, in the columns of a dead letter with the status before the
// reason.
func (p printer) event(o outcome.Outcome) error {
	return p.ended(o, pad(string(o.Status), 8)+"  "+pad(string(o.Reason), 20))
}

// ended writes a row of a list in order of time: when the outcome ended, with the zone in each row
// since there is no header; imp_uid, gateway, as, attempts, batch and note. as is what it ended as.
// "-" stands for no gateway and no batch, so that what follows keeps its column.
func (p printer) ended(o outcome.Outcome, as string) error {
	if p.json {
		return printJSON(p.out, o)
	}
	return p.line(fmt.Sprintf("%s %s  %s  %s  %s  %2d×  %s  %s",
		pad(minute(o.UpdatedAt), 16), zone(o.UpdatedAt), pad(o.ImpUID, 16), pad(cmp.Or(string(o.PG), "-"), 6), as, o.Attempts,
		cmp.Or(o.Batch, "-"), note(o, "")), hanging)
}

// note says about an outcome what its status and reason do not: when it was revoked, what it waits
// for, why it was given up. Several cases may fit; the order decides. cause is what holds its queue,
// empty if nothing does.
func note(o outcome.Outcome, cause string) string {
	switch {
	case o.Withdrawn && o.Status == outcome.Dead && o.Reason != outcome.ReasonWithdrawn:
		// The letter was cancelled, and was dead before or was given up for another reason. dead retry
		// leaves it out; a person who wonders why must see that first.
		o.Withdrawn = false
		return strings.TrimSuffix("cancelled, not retried; "+note(o, ""), "; ")
	case o.Reason == outcome.ReasonWithdrawn:
		return wasWithdrawn(o)
	case o.Reason.Stated() && o.StatedBy != "":
		// The person knows more than PortOne's last answer says.
		return o.StatedBy + ": " + o.Statement
	case o.Status == outcome.Revoked && !o.CancelledAt.IsZero():
		// PortOne's own time of the revocation, and the tax office's number of the receipt.
		return "at " + moment(o.CancelledAt) + approval(o)
	case o.Withdrawn && o.Status == outcome.Queued:
		// The next sweep ends it.
		return "cancelled: it ends as withdrawn, and is not called"
	case o.Withdrawn && blind(o.PG) && o.LookedUpUntil.IsZero():
		// PortOne documents no lookup for the gateway, and every DELETE was answered.
		return behind("cancelled: no other DELETE follows, it ends as withdrawn", o)
	case o.Withdrawn && blind(o.PG):
		// No lookup can tell what the DELETE did, so the request stays open until PortOne cannot be
		// at work on it any more.
		return behind("cancelled: no other DELETE follows"+unseen(o)+": open until "+moment(o.LookedUpUntil), o)
	case o.Withdrawn:
		return behind("cancelled: no other DELETE follows, a lookup decides"+unseen(o), o)
	case cause != "":
		// Before the time of the next attempt: while the queue is held none is made, and a time that
		// has passed would look like a fault.
		return behind(cause+unseen(o), o)
	case o.Status == outcome.Retrying && !o.NextAttemptAt.IsZero():
		return behind(next(o.NextAttemptAt, time.Now())+unseen(o), o)
	case !o.LookedUpUntil.IsZero():
		// Its worker has died in the first attempt, before it could say when the next one comes.
		return strings.TrimPrefix(behind(unseen(o), o), "; ")
	}
	return lastAnswer(o)
}

// wasWithdrawn says of a receipt that has ended as withdrawn whether PortOne was called for it, and
// how it is known that it is not revoked.
func wasWithdrawn(o outcome.Outcome) string {
	switch {
	case o.Attempts == 0 && o.HTTPStatus == 0:
		// Attempts alone does not tell: a closed gate, a refused token and dead retry take attempts
		// back. The status of the last answer stays.
		return "cancelled, never called"
	case blind(o.PG):
		return behind("cancelled after it had failed", o)
	}
	return behind("cancelled, a lookup found it not revoked", o)
}

// blind reports whether PortOne documents no lookup for a gateway, as for settle and kicc. Of a
// gateway that is not known here workers make lookups, so it is not blind.
func blind(pg tasks.Gateway) bool { return pg.Known() && !pg.LooksUp() }

// unseen says of a request of which a DELETE may have worked unseen how that comes to be known. It is
// empty for all others. The text follows another one and begins with "; ".
func unseen(o outcome.Outcome) string {
	const may = "; a DELETE may have worked unseen, "
	switch {
	case o.LookedUpUntil.IsZero():
		return ""
	case blind(o.PG):
		return may + "no lookup can tell"
	case o.LookedUpUntil.Before(time.Now()):
		// The time has passed, so the next lookup decides. For a worker that has died it is the end of
		// its lease, which is in the past from the start.
		return may + "its next lookup tells"
	}
	return may + "looked up until " + moment(o.LookedUpUntil)
}

// behind returns a text with the last answer behind it. If there was none, TrimSuffix takes the words
// that introduce it off again.
func behind(text string, o outcome.Outcome) string {
	return strings.TrimSuffix(text+"; last answer: "+lastAnswer(o), "; last answer: ")
}

// lastAnswer returns the last answer's message: "취소 실패". It puts the HTTP status before it where that
// says more: there is no message, or the answer has no code, so that not PortOne but a proxy gave it,
// as in "HTTP 502: read the answer".
func lastAnswer(o outcome.Outcome) string {
	if o.HTTPStatus == 0 || o.Status == outcome.Revoked || o.Code != nil && o.Message != "" {
		return o.Message
	}
	return strings.TrimSuffix(fmt.Sprintf("HTTP %d: %s", o.HTTPStatus, o.Message), ": ")
}

// approval returns the approval number that the National Tax Service (국세청) gave the receipt, to be
// appended to a text, and nothing if PortOne told none.
func approval(o outcome.Outcome) string {
	if o.ApplyNum == "" {
		return ""
	}
	return ", 국세청 " + o.ApplyNum
}

// next says when the next attempt comes. A time that has passed means that no worker has taken the task
// yet.
func next(at, now time.Time) string {
	if at.Before(now) {
		return "due since " + moment(at)
	}
	return "next at " + moment(at)
}

// The statuses that are shown where there is no outcome. They are in output alone, never in Redis:
// workers and [outcome.Store] do not know them.
const (
	unknown outcome.Status = "unknown" // there is no request for the imp_uid, or none any more
	invalid outcome.Status = "invalid" // the line of the list cannot be used
	corrupt outcome.Status = "corrupt" // what Redis holds of the imp_uid is no valid outcome
)
