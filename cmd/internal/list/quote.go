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
// no more than the line on which it is opened: see [shape.isRow].
func (f *framer) quoted(line []byte) ([]byte, error) {
	state := fieldStart.scan(line, f.comma)
	switch {
	case state == stray:
		return line, errStrayQuote
	case state != inQuotes:
		return line, nil
	case f.swallows(line, 0, fieldStart), len(line) < f.open.size && f.open.ended:
		return line, errOpenQuote
	}
	first := len(line)
	end, lines := first, 1
	if first < f.open.size {
		end, lines = f.open.size, f.open.lines
	}
	for state == inQuotes {
		next, err := f.quotedEnd(end)
		if err == io.EOF || err == errTooLong {
			f.open = unclosed{size: end, lines: lines}
			return f.ahead(first), errOpenQuote
		}
		if err != nil {
			f.again() // so that it is met again, instead of the second line as a record
			return nil, err
		}
		record := f.ahead(next)
		if state = state.scan(record[end:], f.comma); state == stray || f.swallows(record, end, inQuotes) {
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
func (f *framer) swallows(record []byte, from int, state quoteState) bool {
	return f.isRow != nil && f.isRow(record, from, state)
}

// quotedEnd is lineEnd within quotes. Up to the header they reach no further than in the
// sample in which it was found.
func (f *framer) quotedEnd(from int) (int, error) {
	switch {
	case f.isRow != nil:
		return f.longLineEnd(from)
	case from < headSize:
		return f.lineEnd(from, headSize)
	}
	return 0, errTooLong
}

// isRow reports whether the last line of a record over which a quoted cell goes on looks like
// a row by itself: it has as many columns as the list or more, and an imp_uid in its place, with
// other text around it or without imp_. That is within the quotes, unless they end before it and
// it is not the record's imp_uid, or the record is too wide. The line begins at begin in a state. An imp_uid in a sentence has a blank beside its comma: where a
// list has one after each, no quote opens a field.
func (p *shape) isRow(record []byte, begin int, state quoteState) bool {
	line, comma := record[begin:], []byte{p.comma}
	if bytes.Count(line, comma)+1 < p.least {
		return false
	}
	from := 0
	for range p.impUID {
		from += bytes.Index(line[from:], comma) + 1
	}
	cell, after, more := bytes.Cut(line[from:], comma)
	if len(cell) == 0 || from > 0 && cell[0] == ' ' || more && len(after) > 0 && after[0] == ' ' {
		return false
	}
	return mayBePayment(string(bytes.Trim(cell, "\"\r\n"))) &&
		(state.scan(line[:from], comma[0]) == inQuotes || columnsOf(record[:begin+from], comma[0]) != p.impUID+1 ||
			columnsOf(record, comma[0]) > p.cells)
}

// mayBePayment reports whether a cell that is swallowed is the imp_uid of a row that is to be
// read or reported.
func mayBePayment(cell string) bool {
	return looksLikePayment(cell) || holdsImpUID(cell) || bareNumber.MatchString(clean(cell))
}

// columnsOf returns how many columns a record has.
func columnsOf(record []byte, comma byte) int {
	n, state := 1, fieldStart
	for _, b := range record {
		if state = state.next(b, comma); state == fieldStart {
			n++
		}
	}
	return n
}
