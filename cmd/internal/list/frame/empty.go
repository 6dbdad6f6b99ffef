package frame

import (
	"bytes"
	"strings"

	"receiptrevoker/cmd/internal/list/plain"
)

// empties returns what an empty line is made of: blanks and, in a CSV, separators, as spreadsheets
// write rows that were once used.
func (f *Reader) empties() string {
	if f.comma != 0 {
		return plain.Blanks + string(rune(f.comma))
	}
	return plain.Blanks
}

// SkipBlank skips to the first line that holds more than blanks and separators of any kind: which one
// separates is not known yet. The error is final, io.EOF for an empty list. A line that is too long is
// judged by its first 1 MiB.
func (f *Reader) SkipBlank() error {
	for {
		line, err := f.next()
		if err != nil && err != ErrTooLong {
			return err
		}
		if len(bytes.Trim(line, plain.Unfilled)) > 0 {
			f.Again()
			return nil
		}
		f.leave()
		f.skipEmpty(plain.Unfilled)
	}
}

// skipEmpty takes lines of nothing but the bytes of empties that end as those before them, a buffer at
// a time, and reports whether there were any. One by one, 300 MB of them, which a small gzip file can
// hold, take a minute.
func (f *Reader) skipEmpty(empties string) bool {
	before := f.Line
	// 0: no line was read yet to whose end others could be compared. The caller reads one, and then skips.
	for f.LineEnd != 0 {
		data := f.ahead(f.In.Buffered())
		size, lines := emptyLines(data, f.LineEnd, empties)
		_, _ = f.In.Discard(size) // cannot fail: the bytes are in the buffer
		f.Line += lines
		f.open.pass(size, lines)
		if size < len(data) || f.err != nil {
			break
		}
		_, f.err = f.In.Peek(1)
	}
	return f.Line > before
}

// emptyLines returns how many bytes and lines at the beginning of data are whole lines of nothing but
// the bytes of empties. It stops before a line that does not end in end: that is to be noted. It stops
// before a CR at the end of data, too, since an LF may follow.
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
