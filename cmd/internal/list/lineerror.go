package list

import (
	"bytes"
	"fmt"
	"strings"

	"receiptrevoker/tasks"
)

// maxText is how many runes of an offending text are shown.
const maxText = 60

// LineError says why a line of the list cannot be used. It matches
// [tasks.ErrInvalid] if the imp_uid was read and is empty, too long or out of
// its alphabet.
type LineError struct {
	// Line is the line of the file on which the record starts, from 1.
	Line int
	// Text is the offending imp_uid, or else the beginning of the record; at
	// most 60 runes.
	Text string
	// Err is the reason.
	Err error
	// Row is what could be read of the record. Its ImpUID need not be valid.
	Row Row
}

// newLineError returns the error for a row that came of record.
func newLineError(row Row, record []byte, reason error) *LineError {
	text := row.ImpUID
	if text == "" {
		text = string(bytes.TrimSpace(record[:min(len(record), 8*maxText)]))
	}
	return &LineError{Line: row.Line, Text: cut(text), Err: reason, Row: row}
}

// Error returns the line and the reason.
func (e *LineError) Error() string {
	if e.Err == errTooLong {
		return fmt.Sprintf("line %d is longer than 1 MiB", e.Line)
	}
	return fmt.Sprintf("line %d: %v", e.Line, e.Err)
}

// Unwrap returns the reason.
func (e *LineError) Unwrap() error { return e.Err }

// invalid is what is wrong with an imp_uid. It matches [tasks.ErrInvalid] without its prefix,
// which says nothing to those who wrote the list.
type invalid string

func (e invalid) Error() string      { return string(e) }
func (invalid) Is(target error) bool { return target == tasks.ErrInvalid }

// invalidf returns an error that says what is wrong with an imp_uid, and matches [tasks.ErrInvalid].
func invalidf(format string, args ...any) error { return invalid(fmt.Sprintf(format, args...)) }

// cut shortens text to at most maxText runes.
func cut(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if runes := []rune(text); len(runes) > maxText {
		return string(runes[:maxText-1]) + "…"
	}
	return text
}
