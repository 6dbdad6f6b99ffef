package list

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

var (
	errTooLong    = errors.New("the line is longer than 64 KiB")
	errOpenQuote  = errors.New("a quote is opened here and not closed")
	errStrayQuote = errors.New(`text follows a closing quote; a " inside quotes is written ""`)
)

// unusable reports whether err concerns one record alone.
func unusable(err error) bool {
	return err == errTooLong || err == errLongElement || err == errOpenQuote || err == errStrayQuote
}

// framer cuts a list into records. It looks at a record in the buffer before
// it takes it, so that after a quote which is never closed it can go on at the
// very next line, and it never holds more than a record may have.
type framer struct {
	in    *bufio.Reader
	comma byte  // separator of fields; 0 if quotes mean nothing and each line is a record
	line  int   // number of the line ahead
	start int   // number of the line on which the record last returned starts
	size  int   // bytes of that record, still in the buffer
	lines int   // lines of that record
	long  bool  // that record goes on after size bytes, up to a line break
	err   error // why nothing can be read into the buffer any more
}

// next returns the next record with its line break, valid until the call after.
// If unusable holds for the error, that is the beginning of a record which
// cannot be used; any other error is final.
func (f *framer) next() ([]byte, error) {
	f.leave()
	f.start = f.line
	end, err := f.lineEnd(0)
	if err == errTooLong {
		f.size, f.lines, f.long = maxRecord, 1, true
		return f.ahead(maxRecord), err
	}
	if err != nil {
		return nil, err
	}
	f.size, f.lines = end, 1
	return f.quoted(end)
}

// quoted extends a record whose first line ends at first over the lines that
// its quoted fields span.
func (f *framer) quoted(first int) ([]byte, error) {
	line := f.ahead(first)
	if f.comma == 0 || bytes.IndexByte(line, '"') < 0 {
		return line, nil
	}
	state := fieldStart.scan(line, f.comma)
	if state == stray {
		return line, errStrayQuote
	}
	end, lines := first, 1
	for state == inQuotes {
		next, err := f.lineEnd(end)
		if err == io.EOF || err == errTooLong {
			return f.ahead(first), errOpenQuote
		}
		if err != nil {
			f.again() // so that it is met again, instead of the second line as a record
			return nil, err
		}
		if state = state.scan(f.ahead(next)[end:], f.comma); state == stray {
			return f.ahead(first), errOpenQuote
		}
		end, lines = next, lines+1
	}
	f.size, f.lines = end, lines
	return f.ahead(end), nil
}

// lineEnd returns where the line that starts at offset from of the buffer ends,
// after its line break. The error is errTooLong if that is more than maxRecord
// away, io.EOF if there is no such line.
func (f *framer) lineEnd(from int) (int, error) {
	for searched := from; ; {
		ahead := f.ahead(min(f.in.Buffered(), maxRecord))
		if i := bytes.IndexByte(ahead[searched:], '\n'); i >= 0 {
			return searched + i + 1, nil
		}
		if len(ahead) == maxRecord {
			return 0, errTooLong
		}
		searched = len(ahead)
		if f.err == nil {
			_, f.err = f.in.Peek(searched + 1)
		}
		if f.err == io.EOF && searched > from {
			return searched, nil
		}
		if f.err != nil {
			return 0, f.err
		}
	}
}

// ahead returns the next n bytes, which are in the buffer already.
func (f *framer) ahead(n int) []byte {
	data, _ := f.in.Peek(n)
	return data
}

// leave takes the record last returned out of the buffer.
func (f *framer) leave() {
	_, _ = f.in.Discard(f.size) // cannot fail: the bytes are in the buffer
	f.line += f.lines
	if f.long {
		f.skipLine()
	}
	f.again()
}

// skipLine drops what is ahead up to a line break, a buffer at a time.
func (f *framer) skipLine() {
	for {
		_, err := f.in.ReadSlice('\n')
		if err == nil {
			return
		}
		if err != bufio.ErrBufferFull {
			f.err = err
			return
		}
	}
}

// again makes next return the same record once more.
func (f *framer) again() { f.size, f.lines, f.long = 0, 0, false }

// skipBlank goes on to the first line that is not blank. The error is final.
func (f *framer) skipBlank() error {
	for {
		line, err := f.next()
		if err != nil && err != errTooLong {
			return err
		}
		if len(bytes.TrimSpace(line)) > 0 {
			f.again()
			return nil
		}
	}
}
