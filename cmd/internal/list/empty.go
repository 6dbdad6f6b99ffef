package list

import (
	"bytes"
	"strings"
)

// empties returns what an empty line is made of: blanks and, in a CSV, separators.
func (f *framer) empties() string {
	if f.comma != 0 {
		return blanks + string(rune(f.comma))
	}
	return blanks
}

// skipBlank goes on to the first line that holds more than blanks and
// separators. The error is final.
func (f *framer) skipBlank() error {
	for {
		line, err := f.next()
		if err != nil && err != errTooLong {
			return err
		}
		if len(bytes.Trim(line, unfilled)) > 0 {
			f.again()
			return nil
		}
		f.leave()
		f.skipEmpty(unfilled)
	}
}

// skipEmpty takes lines of nothing but the bytes of empties that end as those before them, a
// buffer at a time, and reports whether there were any. One by one, 300 MB of them take a
// minute.
func (f *framer) skipEmpty(empties string) bool {
	before := f.line
	for f.end != 0 {
		data := f.ahead(f.in.Buffered())
		size, lines := emptyLines(data, f.end, empties)
		_, _ = f.in.Discard(size) // cannot fail: the bytes are in the buffer
		f.line += lines
		f.open.pass(size, lines)
		if size < len(data) || f.err != nil {
			break
		}
		_, f.err = f.in.Peek(1)
	}
	return f.line > before
}

// emptyLines returns how many bytes and lines at the beginning of data are whole lines of
// nothing but the bytes of empties. It stops before a line that does not end in end: that is
// to be noted.
func emptyLines(data []byte, end byte, empties string) (size, lines int) {
	for i, b := range data {
		switch {
		case b == '\n' && end == '\n', b == '\r' && end == '\r' && i+1 < len(data) && data[i+1] != '\n':
			size, lines = i+1, lines+1
		case b == '\n', b == '\r' && (end == '\r' || i+1 == len(data) || data[i+1] != '\n'),
			strings.IndexByte(empties, b) < 0:
			return size, lines
		}
	}
	return size, lines
}
