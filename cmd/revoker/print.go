package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/mattn/go-runewidth"

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
	out  io.Writer
	json bool
}

func (p printer) outcome(o outcome.Outcome) error {
	if p.json {
		return printJSON(p.out, o)
	}
	line := fmt.Sprintf("%s  %s  %s", pad(o.ImpUID, 18), pad(string(o.Status), 8), pad(string(o.Reason), 20))
	if o.Attempts > 0 {
		line += fmt.Sprintf("  %2d×", o.Attempts)
	}
	if note := note(o); note != "" {
		line += "  " + note
	}
	_, err := fmt.Fprintln(p.out, strings.TrimRight(line, " "))
	return err
}

// note says about an outcome what its status and reason do not.
func note(o outcome.Outcome) string {
	switch {
	case o.Reason.Stated() && o.StatedBy != "":
		return o.StatedBy + ": " + o.Statement
	case o.Status == outcome.Revoked && !o.CancelledAt.IsZero():
		return "at " + moment(o.CancelledAt) + " " + o.ApplyNum
	case o.Status == outcome.Retrying && !o.NextAttemptAt.IsZero():
		return strings.TrimSpace("next at " + o.NextAttemptAt.Format("15:04:05Z") + " " + lastAnswer(o))
	}
	return lastAnswer(o)
}

// lastAnswer returns the last answer's message, and its status where that says more: there
// is no message, or something other than PortOne answered.
func lastAnswer(o outcome.Outcome) string {
	if o.HTTPStatus == 0 || o.Status == outcome.Revoked || o.Code != nil && o.Message != "" {
		return o.Message
	}
	return strings.TrimSuffix(fmt.Sprintf("HTTP %d: %s", o.HTTPStatus, o.Message), ": ")
}

// pad fills a text with blanks to a width in terminal columns: Korean letters
// take two.
func pad(text string, width int) string { return runewidth.FillRight(text, width) }

// fit cuts a text to a width in terminal columns.
func fit(text string, width int) string { return runewidth.Truncate(text, width, "…") }
