package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"

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

func (p *program) printer(json bool) printer { return printer{newScreen(p.stdout), json} }

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
	return p.line(fmt.Sprintf("%s %s  %s  %s  %s  %2d×  %s  %s", pad(minute(o.UpdatedAt), 16), zone(o.UpdatedAt), pad(o.ImpUID, 16),
		pad(cmp.Or(string(o.PG), "-"), 6), as, o.Attempts, cmp.Or(o.Batch, "-"), note(o, "")), hanging)
}
