package frame

import (
	"bytes"
	"io"

	"receiptrevoker/cmd/internal/list/decode"
)

// QuoteState is where in a record a scan for quotes stands. Only a quote at
// the very start of a field opens it, as in encoding/csv; one in the middle,
// such as in 24" monitor, is text.
type QuoteState byte

const (
	fieldStart QuoteState = iota // a quotation mark here opens a quoted field
	inText                       // in a field without quotes
	InQuotes                     // in a quoted field: separators and line breaks are text
	afterQuote                   // after a quote that closes the field unless another follows
	stray                        // text stands after a closing quote: the quotes do not add up
)

// Scan returns the state at the end of a line that starts in state s. Bytes
// suffice for it: the second byte of a CP949 character is never a quote, a
// separator or a line break.
func (s QuoteState) Scan(line []byte, comma byte) QuoteState {
	line = bytes.TrimSuffix(line, []byte("\n"))
	line = bytes.TrimSuffix(line, []byte("\r"))
	for _, b := range line {
		s = s.next(b, comma)
	}
	return s
}

func (s QuoteState) next(b, comma byte) QuoteState {
	switch {
	case s == stray:
		return stray
	case s == InQuotes && b == '"':
		return afterQuote
	case s == InQuotes:
		return InQuotes
	case b == comma:
		return fieldStart
	case b == '"' && (s == fieldStart || s == afterQuote):
		return InQuotes
	case s == afterQuote:
		return stray
	}
	return inText
}

// unclosed are lines ahead in which no quote closes that is open at the end of one. It
// is remembered, since each of them may open one again, and all after it would be looked
// at for each.
type unclosed struct {
	size, lines int
	ended       bool // the line after them shows that the quote is none
}

// pass takes lines off them that are left.
func (u *unclosed) pass(size, lines int) {
	u.size, u.lines = u.size-size, u.lines-lines
	if u.size <= 0 {
		*u = unclosed{}
	}
}

// quoted extends a record whose first line is given over the lines that its quoted fields
// span. A quote that is never closed, or closed by one that belongs to another line, costs
// no more than the line on which it is opened: as a row by itself.
func (f *Reader) quoted(line []byte) ([]byte, error) {
	state := fieldStart.Scan(line, f.comma)
	switch {
	case state == stray:
		return line, errStrayQuote
	case state != InQuotes:
		return line, nil
	case f.swallows(line, 0, fieldStart), len(line) < f.open.size && f.open.ended:
		return line, errOpenQuote
	}
	first := len(line)
	end, lines := first, 1
	if first < f.open.size {
		end, lines = f.open.size, f.open.lines
	}
	for state == InQuotes {
		next, err := f.quotedEnd(end)
		if err == io.EOF || err == ErrTooLong {
			f.open = unclosed{size: end, lines: lines}
			return f.ahead(first), errOpenQuote
		}
		if err != nil {
			f.Again() // so that it is met again, instead of the second line as a record
			return nil, err
		}
		record := f.ahead(next)
		if state = state.Scan(record[end:], f.comma); state == stray || f.swallows(record, end, InQuotes) {
			f.open = unclosed{size: end, lines: lines, ended: true}
			return f.ahead(first), errOpenQuote
		}
		end, lines = next, lines+1
	}
	f.size, f.lines = end, lines
	return f.ahead(end), nil
}

// swallows reports whether a quoted field would swallow a row of the list on the last line of
// a record, which begins at from in a state.
func (f *Reader) swallows(record []byte, from int, state QuoteState) bool {
	return f.IsRow != nil && f.IsRow(record, from, state)
}

// quotedEnd is lineEnd within quotes. Up to the header they reach no further than in the
// sample in which it was found.
func (f *Reader) quotedEnd(from int) (int, error) {
	switch {
	case f.IsRow != nil:
		return f.longLineEnd(from)
	case from < decode.HeadSize:
		return f.lineEnd(from, decode.HeadSize)
	}
	return 0, ErrTooLong
}

// CountCells returns how many columns a record has.
func CountCells(record []byte, comma byte) int {
	n, state := 1, fieldStart
	for _, b := range record {
		if state = state.next(b, comma); state == fieldStart {
			n++
		}
	}
	return n
}
