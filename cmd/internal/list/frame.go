package list

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"unicode/utf8"
)

var (
	errTooLong     = errors.New("the line is longer than 1 MiB")
	errLongElement = errors.New("the element that starts here is longer than 1 MiB")
	errOpenQuote   = errors.New("a quote is opened here and not closed")
	errStrayQuote  = errors.New(`text follows a closing quote; a " inside quotes is written ""`)
)

// unusable reports whether err concerns one record alone.
func unusable(err error) bool {
	return err == errTooLong || err == errLongElement || err == errOpenQuote || err == errStrayQuote
}

// framer cuts a list into records. It looks at a record in the buffer before
// it takes it, so that after a quote which is never closed it can go on at the
// very next line, and it never holds more than a record may have. A line ends
// in LF, CRLF or CR alone, as in an editor.
type framer struct {
	in    *bufio.Reader // holds two times limit
	limit int           // how long a line may be
	most  int           // how far limit may be raised
	comma byte          // separator of fields; 0 if quotes mean nothing and each line is a record
	line  int           // number of the line ahead
	start int           // number of the line on which the record last returned starts
	size  int           // bytes of that record, still in the buffer
	lines int           // lines of that record
	long  bool          // that record goes on after size bytes, up to a line break
	err   error         // why nothing can be read into the buffer any more

	open  unclosed
	isRow func(record []byte, from int, state quoteState) bool // see [shape.isRow]; nil up to the header

	end    byte // last byte of the first record's end, '\n' or '\r'; 0 before
	odd    int  // line of the first record that ends in the other, 0 before
	marked int  // first line that begins with a byte-order mark, 0 before
}

// newFramer returns the records of what a buffer of two times headSize reads, from a line on. most is
// how long a line may be.
func newFramer(in *bufio.Reader, line, most int) framer {
	return framer{in: in, line: line, limit: headSize, most: most}
}

// next returns the next record with its line break, valid until the call after.
// If unusable holds for the error, that is the beginning of a record which
// cannot be used; any other error is final.
func (f *framer) next() ([]byte, error) {
	f.leave()
	for {
		f.start = f.line
		end, err := f.longLineEnd(0)
		if err == errTooLong {
			// Its last byte may be the CR of a CRLF, so that it is looked at again.
			f.size, f.lines, f.long = f.limit-1, 1, true
			return f.ahead(f.limit), err
		}
		if err != nil {
			return nil, err
		}
		line := f.ahead(end)
		if b := line[0]; (b <= ' ' || b == f.comma) && f.skipEmpty(f.empties()) || b == bomUTF8Mark[0] && f.dropMark(line) {
			continue
		}
		return f.whole(line)
	}
}

// whole returns the record that begins with a line.
func (f *framer) whole(line []byte) (_ []byte, err error) {
	f.size, f.lines = len(line), 1
	if f.comma != 0 && bytes.IndexByte(line, '"') >= 0 {
		if line, err = f.quoted(line); err != nil {
			return line, err
		}
	}
	if last := line[len(line)-1]; last != f.end {
		f.ends(last)
	}
	return line, nil
}

// ends takes note of the last byte of a record: its end, unless the list breaks off.
func (f *framer) ends(last byte) {
	switch {
	case last != '\n' && last != '\r':
	case f.end == 0:
		f.end = last
	case f.odd == 0:
		f.odd = f.line + f.lines - 1
	}
}

// dropMark drops a byte-order mark at the beginning of a line, as it stands
// where files were put together. It reports false if there is none.
func (f *framer) dropMark(line []byte) bool {
	if !bytes.HasPrefix(line, []byte(bomUTF8Mark)) || !utf8.Valid(line) { // its bytes are text in CP949
		return false
	}
	_, _ = f.in.Discard(len(bomUTF8Mark)) // cannot fail: the bytes are in the buffer
	f.open.pass(len(bomUTF8Mark), 0)
	if f.marked == 0 {
		f.marked = f.line
	}
	return true
}

// lineEnd returns where the line that starts at offset from of the buffer ends,
// after its line break. The error is errTooLong if that is more than limit
// bytes away, io.EOF if there is no such line.
func (f *framer) lineEnd(from, limit int) (int, error) {
	for searched := from; ; {
		ahead := f.ahead(min(f.in.Buffered(), limit))
		if end := lineBreak(ahead[searched:]); end > 0 {
			return searched + end, nil
		}
		if len(ahead) == limit {
			return 0, errTooLong
		}
		searched = max(from, len(bytes.TrimSuffix(ahead, []byte("\r"))))
		if f.err == nil {
			_, f.err = f.in.Peek(len(ahead) + 1)
			continue
		}
		if f.err == io.EOF && len(ahead) > from {
			return len(ahead), nil
		}
		return 0, f.err
	}
}

// longLineEnd is lineEnd for a line as long as it may be.
func (f *framer) longLineEnd(from int) (int, error) {
	end, err := f.lineEnd(from, f.limit)
	if err == errTooLong && f.raise() {
		end, err = f.lineEnd(from, f.limit)
	}
	return end, err
}

// raise makes room for lines as long as they may be, once one is met that needs it, and
// reports whether there was none.
func (f *framer) raise() bool {
	if f.limit >= f.most {
		return false
	}
	f.limit = f.most
	held := f.in.Buffered()
	f.in = bufio.NewReaderSize(f.in, 2*f.limit)
	f.ahead(held)
	return true
}

// lineBreak returns where the first line break of data ends, 0 if there is none.
// A CR at the end of data is none yet, as an LF may follow.
func lineBreak(data []byte) int {
	const window = 512 // else a list of CRs alone would be searched whole for an LF at each line
	for from := 0; from < len(data); from += window {
		part := data[from:min(from+window, len(data))]
		lf := bytes.IndexByte(part, '\n')
		if lf >= 0 {
			part = part[:lf]
		}
		if cr := bytes.IndexByte(part, '\r'); cr >= 0 {
			switch end := from + cr + 1; {
			case end == len(data):
				return 0
			case data[end] == '\n':
				return end + 1
			default:
				return end
			}
		}
		if lf >= 0 {
			return from + lf + 1
		}
	}
	return 0
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
	f.open.pass(f.size, f.lines)
	if f.long {
		f.open = unclosed{}
		f.skipLine()
	}
	f.again()
}

// skipLine drops what is ahead up to a line break, a buffer at a time.
func (f *framer) skipLine() {
	for {
		data := f.ahead(f.in.Buffered())
		if end := lineBreak(data); end > 0 {
			_, _ = f.in.Discard(end)
			return
		}
		if f.err != nil {
			_, _ = f.in.Discard(len(data))
			return
		}
		kept := len(data) - len(bytes.TrimSuffix(data, []byte("\r")))
		_, _ = f.in.Discard(len(data) - kept)
		_, f.err = f.in.Peek(kept + 1)
	}
}

// again makes next return the same record once more.
func (f *framer) again() { f.size, f.lines, f.long = 0, 0, false }
