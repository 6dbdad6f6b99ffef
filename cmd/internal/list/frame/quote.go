package frame

import (
	"bytes"
	"io"

	"receiptrevoker/cmd/internal/list/decode"
)

// QuoteState is where in a record a scan for quotes stands. Only a quote at the very start of a field
// opens it, as in encoding/csv; one in the middle, such as in 24" monitor, is text.
//
// Two quotes that do not belong together would make one cell of all lines between them, and the
// receipts on these lines would be lost. So a cell that continues on another line is looked at twice:
// whether its quote is closed at all, and whether what it would swallow looks like rows of the list.
type QuoteState byte

const (
	fieldStart QuoteState = iota // a quotation mark here opens a quoted field
	inText                       // in a field without quotes
	InQuotes                     // in a quoted field: separators and line breaks are text
	afterQuote                   // after a quote that closes the field unless another follows
	stray                        // text stands after a closing quote: the quotes do not add up
)

// Scan returns the state at the end of a line that starts in state s. Bytes suffice for it: the second
// byte of a CP949 character is never a quote, a separator or a line break.
func (s QuoteState) Scan(line []byte, comma byte) QuoteState {
	line = bytes.TrimSuffix(line, []byte("\n"))
	line = bytes.TrimSuffix(line, []byte("\r"))
	for _, b := range line {
		s = s.next(b, comma)
	}
	return s
}

// next returns the state after a byte. A quote after a closing one opens the field again: "" within
// quotes is one quotation mark.
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

// unclosed are lines ahead in which no quote closes that is open at the end of one. They are
// remembered, since each of them may open one again, and all after it would be looked at for each: that
// took 50 seconds for 256 KiB of such lines.
type unclosed struct {
	// size is how many bytes they have from the record ahead on, and lines how many they are.
	size, lines int
	// ended says that the line after them shows that the quote is none: it has text behind a closing
	// quote, or is a row of the list. Otherwise the list, or the 1 MiB of a record, ended.
	ended bool
}

// pass takes lines off them that are left. Their bytes are counted from the beginning of the buffer:
// each function that discards bytes there calls pass, or forgets them all as leave does behind a long
// line.
func (u *unclosed) pass(size, lines int) {
	u.size, u.lines = u.size-size, u.lines-lines
	if u.size <= 0 {
		*u = unclosed{}
	}
}

// quoted extends a record whose first line is given over the lines that its quoted fields span. A quote
// that is never closed, or closed by one that belongs to another line, costs no more than the line on
// which it is opened: as a row by itself.
func (f *Reader) quoted(line []byte) ([]byte, error) {
	state := fieldStart.Scan(line, f.comma)
	switch {
	case state == stray:
		return line, errStrayQuote
	case state != InQuotes:
		return line, nil
	// The line may be a row by itself behind a quote that opens its first cell, as a ditto mark does. Or
	// it is one of the lines whose quotes are known to be none.
	case f.swallows(line, 0, fieldStart), len(line) < f.open.size && f.open.ended:
		return line, errOpenQuote
	}
	first := len(line)
	end, lines := first, 1
	// As the record before has shown, no quote is closed in these lines: the search begins behind them.
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
			// The error is met again by the next call. Without this the second line would be taken for a record.
			f.Again()
			return nil, err
		}
		record := f.ahead(next)
		// This line closes the quote in a way that makes no sense, or is a row by itself: the quote is stray.
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

// quotedEnd is lineEnd within quotes. Up to the header they reach no further than in the sample by
// which package header found it: both have to cut the header alike.
func (f *Reader) quotedEnd(from int) (int, error) {
	switch {
	case f.IsRow != nil:
		return f.longLineEnd(from)
	case from < decode.HeadSize:
		return f.lineEnd(from, decode.HeadSize)
	}
	return 0, ErrTooLong
}

// CountCells returns how many columns a record has, without allocating them as [Reader.Next] does.
func CountCells(record []byte, comma byte) int {
	n, state := 1, fieldStart
	for _, b := range record {
		if state = state.next(b, comma); state == fieldStart {
			n++
		}
	}
	return n
}
