// Package payment holds what is read of a list: payments, and why a line is none. It imports no parser,
// so that the parsers of all formats return the same row.
package payment

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"receiptrevoker/cmd/internal/list/fault"
	"receiptrevoker/cmd/internal/list/frame"
	"receiptrevoker/cmd/internal/list/naming"
	"receiptrevoker/cmd/internal/list/plain"
	"receiptrevoker/tasks"
)

// Column returns the value of a column, "" if the row does not reach there.
func (r *Row) Column(i int) string { return plain.Cell(r.Columns, i) }

// Value returns where the row keeps the value of a field, so that what is done for each of the four
// fields is a loop. Any other field than the first three is the sub-merchant.
func (r *Row) Value(of naming.Field) *string {
	switch of {
	case naming.ImpUIDField:
		return &r.ImpUID
	case naming.GatewayField:
		return (*string)(&r.PG)
	case naming.NumberField:
		return &r.ApplyNum
	}
	return &r.Tier
}

// Cell returns a column as it came, "" if the row does not reach there. Names of gateways are
// remembered in that form, see list.gateways.
func (r *Row) Cell(i int) string {
	if i < 0 || i >= len(r.Columns) {
		return ""
	}
	return r.Columns[i]
}

// Row is one payment of the list.
type Row struct {
	// Line is the line of the file on which the record starts, from 1.
	Line int
	// ImpUID is the payment, without what spreadsheets put around it.
	ImpUID string
	// PG is the gateway that the record names, or the options' if it names
	// none. A name that is not known is kept as it came.
	PG tasks.Gateway
	// ApplyNum is the number of the receipt that is meant, empty if the record names
	// none.
	ApplyNum string
	// Tier is the code of the sub-merchant that the record names, or the options' if
	// it names none. It is not validated.
	Tier string
	// Strange reports that ApplyNum has another form than those of most lines, or may belong to a column
	// to the right: an empty value or a separator may be missing. The row can be used all the same, since
	// a right number of ten digits among ones of nine is strange too; it is counted and shown.
	Strange bool
	// Further is another imp_uid that the record holds, and for which it does not ask; empty if there is
	// none. A line asks for one payment.
	Further string
	// Columns are the fields of a CSV record as they came, in UTF-8, or the cells of a sheet's row; nil in
	// JSON. A report writes them back beside the outcome.
	Columns []string
	// Raw is the object of an NDJSON line as it came, or the element of a JSON text,
	// in UTF-8; nil in CSV.
	Raw json.RawMessage
}

// LineError says why a line of the list cannot be used. It matches [tasks.ErrInvalid] if the imp_uid
// was read and is empty, too long or out of its alphabet, and whatever else Err matches. Callers find
// it with errors.As, and read on.
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

// NewLineError returns the error for a row that came of record, of which no more than 60 runes are
// kept. 480 bytes of a record are enough for these: a rune has at most four, and the rest is for blanks
// before them.
func NewLineError(row Row, record []byte, reason error) *LineError {
	text := row.ImpUID
	if text == "" {
		text = string(bytes.TrimSpace(record[:min(len(record), 8*fault.MaxText)]))
	}
	return &LineError{Line: row.Line, Text: fault.Cut(text), Err: reason, Row: row}
}

// Error returns the line and the reason. "the line is longer than 1 MiB" takes the number into its
// sentence.
func (e *LineError) Error() string {
	if e.Err == frame.ErrTooLong {
		return fmt.Sprintf("line %d is longer than 1 MiB", e.Line)
	}
	return fmt.Sprintf("line %d: %v", e.Line, e.Err)
}

// Unwrap returns the reason.
func (e *LineError) Unwrap() error { return e.Err }

// ErrBlank says that a record holds nothing. list.Reader passes over it: an empty line is neither a
// payment nor a fault.
var ErrBlank = errors.New("blank")
