package list

import (
	"bytes"
	"io"
)

// quoteState is where in a record a scan for quotes stands. Only a quote at
// the very start of a field opens it, as in encoding/csv; one in the middle,
// such as in 24" monitor, is text.
type quoteState byte

const (
	fieldStart quoteState = iota
	inText                // in a field without quotes
	inQuotes              // in a quoted field: separators and line breaks are text
	afterQuote            // after a quote that closes the field unless another follows
	stray                 // text stands after a closing quote: the quotes do not add up
)

// scan returns the state at the end of a line that starts in state s. Bytes
// suffice for it: the second byte of a CP949 character is never a quote, a
// separator or a line break.
func (s quoteState) scan(line []byte, comma byte) quoteState {
	line = bytes.TrimSuffix(line, []byte("\n"))
	line = bytes.TrimSuffix(line, []byte("\r"))
	for _, b := range line {
		s = s.next(b, comma)
	}
	return s
}

func (s quoteState) next(b, comma byte) quoteState {
	switch {
	case s == stray:
		return stray
	case s == inQuotes && b == '"':
		return afterQuote
	case s == inQuotes:
		return inQuotes
	case b == comma:
		return fieldStart
	case b == '"' && (s == fieldStart || s == afterQuote):
		return inQuotes
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
	stray       bool // the line after them has text after the closing quote
}

// pass takes lines off them that are left.
func (u *unclosed) pass(size, lines int) {
	u.size, u.lines = u.size-size, u.lines-lines
	if u.size <= 0 {
		*u = unclosed{}
	}
}

// quoted extends a record whose first line is given over the lines that its
// quoted fields span, within 64 KiB: a quote that is never closed costs no more.
func (f *framer) quoted(line []byte) ([]byte, error) {
	state := fieldStart.scan(line, f.comma)
	if state == stray {
		return line, errStrayQuote
	}
	first := len(line)
	end, lines := first, 1
	if state == inQuotes && first < f.open.size {
		if f.open.stray {
			return line, errOpenQuote
		}
		end, lines = f.open.size, f.open.lines
	}
	for state == inQuotes {
		next, err := 0, errTooLong
		if end < headSize {
			next, err = f.lineEnd(end, headSize)
		}
		if err == io.EOF || err == errTooLong {
			f.open = unclosed{size: end, lines: lines}
			return f.ahead(first), errOpenQuote
		}
		if err != nil {
			f.again() // so that it is met again, instead of the second line as a record
			return nil, err
		}
		if state = state.scan(f.ahead(next)[end:], f.comma); state == stray {
			f.open = unclosed{size: end, lines: lines, stray: true}
			return f.ahead(first), errOpenQuote
		}
		end, lines = next, lines+1
	}
	f.size, f.lines = end, lines
	return f.ahead(end), nil
}
