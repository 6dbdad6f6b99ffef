package list

import "bytes"

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
