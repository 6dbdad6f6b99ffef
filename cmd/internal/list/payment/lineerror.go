package payment

import (
	"bytes"
	"errors"
	"fmt"

	"receiptrevoker/cmd/internal/list/fault"
	"receiptrevoker/cmd/internal/list/frame"
)

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

// NewLineError returns the error for a row that came of record.
func NewLineError(row Row, record []byte, reason error) *LineError {
	text := row.ImpUID
	if text == "" {
		text = string(bytes.TrimSpace(record[:min(len(record), 8*fault.MaxText)]))
	}
	return &LineError{Line: row.Line, Text: fault.Cut(text), Err: reason, Row: row}
}

// Error returns the line and the reason.
func (e *LineError) Error() string {
	if e.Err == frame.ErrTooLong {
		return fmt.Sprintf("line %d is longer than 1 MiB", e.Line)
	}
	return fmt.Sprintf("line %d: %v", e.Line, e.Err)
}

// Unwrap returns the reason.
func (e *LineError) Unwrap() error { return e.Err }

// ErrBlank says that a record holds nothing.
var ErrBlank = errors.New("blank")
