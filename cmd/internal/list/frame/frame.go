// Package frame cuts a text into records, and records into cells. Its rule: one line that is damaged,
// by a stray quotation mark or a missing line end, costs itself and not its neighbours.
package frame

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"unicode/utf8"

	"receiptrevoker/cmd/internal/list/decode"
)

// MaxRecord bounds a record, its line break included: 1 MiB. Once one is met that is longer than
// [decode.HeadSize], two times MaxRecord are buffered; lists of ordinary lines need 128 KiB.
const MaxRecord = 1 << 20

// Why a record cannot be used, while those after it can. They are compared with ==, also by list and
// payment, so they are returned as they are and never wrapped.
var (
	ErrTooLong     = errors.New("the line is longer than 1 MiB")
	ErrLongElement = errors.New("the element that starts here is longer than 1 MiB")
	errOpenQuote   = errors.New("a quote is opened here and not closed")
	errStrayQuote  = errors.New(`text follows a closing quote; a " inside quotes is written ""`)
)

// Unusable reports whether err concerns one record alone: the caller continues with the next. After any
// other error there is no next.
func Unusable(err error) bool {
	return err == ErrTooLong || err == ErrLongElement || err == errOpenQuote || err == errStrayQuote
}

// Reader cuts a list into records. It looks at a record in the buffer before it takes it, so that after
// a quote which is never closed it can continue at the very next line, and it never holds more than a
// record may have. A line ends in LF, CRLF or CR alone, as in an editor.
//
// What next has returned stays in the buffer until the following call, which takes size bytes out
// first. So [Reader.Again] needs only to set size to 0.
type Reader struct {
	// In holds two times limit: a record of limit bytes, and as much of what follows it.
	In *bufio.Reader
	// limit is how long a line may be now, in bytes: 64 KiB until a longer one is met.
	limit int
	// most is how far limit may be raised.
	most int
	// comma separates fields; it is 0 if quotes mean nothing and each line is a record, as in NDJSON.
	comma byte
	// cells is nil unless there is a comma.
	cells *splitter
	text  decode.Decoder
	last  Record // what was last returned
	Line  int    // number of the line ahead
	// start is the number of the line on which the record last returned starts; Line is beyond it once
	// that record has left the buffer.
	start int
	// size is how many bytes that record has, which are still in the buffer.
	size  int
	lines int // lines of that record
	// long says that the record continues after size bytes, up to a line break that is to be found.
	long bool
	// err is why nothing can be read into the buffer any more. What is in it is still cut into records
	// first.
	err error

	// open are lines ahead of which it is known that they close no quote.
	open unclosed
	// IsRow reports whether the last line of a record looks like a row by itself; nil up to the header,
	// below which alone it is known what a row looks like.
	IsRow func(record []byte, from int, state QuoteState) bool

	// LineEnd is the last byte of the first record's end, '\n' or '\r'; 0 before.
	LineEnd byte
	// OddLine is the line of the first record that ends in the other, 0 before. Its reader notes it.
	OddLine int
	// MarkedLine is the first line that begins with a byte-order mark, 0 before.
	MarkedLine int
}

// NewReader returns the records of what a buffer of two times [decode.HeadSize] reads, from a line on. most is
// how long a line may be.
func NewReader(in *bufio.Reader, line, most int) *Reader {
	return &Reader{In: in, Line: line, limit: decode.HeadSize, most: most}
}

// Use says in which encoding the lines are, and what separates their cells; 0 if they have none. It is
// called once the format is known, before the first record is used; [Reader.SkipBlank] works without.
func (f *Reader) Use(text decode.Decoder, comma byte) {
	f.text, f.comma = text, comma
	if comma != 0 {
		f.cells = newSplitter(comma)
	}
}

// At returns the line on which the record last returned starts.
func (f *Reader) At() int { return f.start }

// Next returns the next record with its line break. If [Unusable] holds for the error, that is the
// beginning of a record which cannot be used; any other error is final. The record is valid until the
// next call.
func (f *Reader) Next() (*Record, error) {
	text, err := f.next()
	// The record is cut after 1 MiB, maybe within a character, which would make UTF-8 look like CP949.
	if err == ErrTooLong {
		text = decode.Whole(text)
	}
	f.last.Line, f.last.Text, f.last.Cells = f.start, f.text.Decode(text), nil
	if f.cells != nil && err != ErrTooLong {
		f.last.Cells = f.cells.split(f.last.Text)
	}
	return &f.last, err
}

// next returns the next record as it came, before it is decoded: see [QuoteState.Scan] for why bytes
// suffice.
func (f *Reader) next() ([]byte, error) {
	f.leave()
	for {
		f.start = f.Line
		end, err := f.longLineEnd(0)
		if err == ErrTooLong {
			// Its last byte may be the CR of a CRLF, so that it is looked at again.
			f.size, f.lines, f.long = f.limit-1, 1, true
			return f.ahead(f.limit), err
		}
		if err != nil {
			return nil, err
		}
		line := f.ahead(end)
		// The first byte tells most lines from empty ones and from those that begin with a mark. What is
		// empty is skipped and a mark is dropped: then the next line is looked at.
		if b := line[0]; (b <= ' ' || b == f.comma) && f.skipEmpty(f.empties()) ||
			b == decode.UTF8Mark[0] && f.dropMark(line) {
			continue
		}
		return f.whole(line)
	}
}

// whole returns the record that begins with a line: the line itself, unless a quote is open at its end.
func (f *Reader) whole(line []byte) (_ []byte, err error) {
	f.size, f.lines = len(line), 1
	if f.comma != 0 && bytes.IndexByte(line, '"') >= 0 {
		if line, err = f.quoted(line); err != nil {
			return line, err
		}
	}
	if last := line[len(line)-1]; last != f.LineEnd {
		f.ends(last)
	}
	return line, nil
}

// ends takes note of the last byte of a record: its end, unless the list breaks off. CRLF and LF are
// the same to it, as both end in LF.
func (f *Reader) ends(last byte) {
	switch {
	case last != '\n' && last != '\r':
	case f.LineEnd == 0:
		f.LineEnd = last
	case f.OddLine == 0:
		f.OddLine = f.Line + f.lines - 1
	}
}

// dropMark drops a byte-order mark at the beginning of a line, as it stands where files were put
// together. It reports false if there is none. Left there, it would keep a quotation mark behind it
// from opening the cell, as in the header "imp_uid".
func (f *Reader) dropMark(line []byte) bool {
	// In CP949 the three bytes are text.
	if !bytes.HasPrefix(line, []byte(decode.UTF8Mark)) || !utf8.Valid(line) {
		return false
	}
	_, _ = f.In.Discard(len(decode.UTF8Mark)) // cannot fail: the bytes are in the buffer
	f.open.pass(len(decode.UTF8Mark), 0)
	// The file that begins here says that it is UTF-8, whatever the one before it was.
	if f.text.Korean = false; f.MarkedLine == 0 {
		f.MarkedLine = f.Line
	}
	return true
}

// lineEnd returns where the line that starts at offset from of the buffer ends, after its line break.
// The error is ErrTooLong if that is more than limit bytes from the beginning of the buffer, io.EOF if
// there is no such line; else it is the underlying reader's. The last line may have no line break.
func (f *Reader) lineEnd(from, limit int) (int, error) {
	for searched := from; ; {
		ahead := f.ahead(min(f.In.Buffered(), limit))
		if end := lineBreak(ahead[searched:]); end > 0 {
			return searched + end, nil
		}
		if len(ahead) == limit {
			return 0, ErrTooLong
		}
		// What was searched is not searched again, but for a CR at its end, behind which an LF may come.
		searched = max(from, len(bytes.TrimSuffix(ahead, []byte("\r"))))
		if f.err == nil {
			_, f.err = f.In.Peek(len(ahead) + 1)
			continue
		}
		if f.err == io.EOF && len(ahead) > from {
			return len(ahead), nil
		}
		return 0, f.err
	}
}

// longLineEnd is lineEnd for a line as long as it may be. It may move the buffer: what was returned of
// it before is no longer valid.
func (f *Reader) longLineEnd(from int) (int, error) {
	end, err := f.lineEnd(from, f.limit)
	if err == ErrTooLong && f.raise() {
		end, err = f.lineEnd(from, f.limit)
	}
	return end, err
}

// raise makes room for lines as long as they may be, once one is met that needs it, and reports whether
// there was none. The former buffer becomes the source of the new one, so that no byte is lost.
func (f *Reader) raise() bool {
	if f.limit >= f.most {
		return false
	}
	f.limit = f.most
	held := f.In.Buffered()
	f.In = bufio.NewReaderSize(f.In, 2*f.limit)
	// ahead returns only what is in the buffer, and offsets count from its beginning: what the former
	// buffer held has to be in the new one.
	f.ahead(held)
	return true
}

// lineBreak returns where the first line break of data ends, 0 if there is none. A CR at the end of
// data is none yet, as an LF may follow.
func lineBreak(data []byte) int {
	// Else a list of CRs alone would be searched for an LF through the whole buffer at each line.
	const window = 512
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
func (f *Reader) ahead(n int) []byte {
	data, _ := f.In.Peek(n)
	return data
}

// leave takes the record last returned out of the buffer.
func (f *Reader) leave() {
	_, _ = f.In.Discard(f.size) // cannot fail: the bytes are in the buffer
	f.Line += f.lines
	f.open.pass(f.size, f.lines)
	if f.long {
		// What was known of the lines ahead was counted in bytes from here.
		f.open = unclosed{}
		f.skipLine()
	}
	f.Again()
}

// skipLine drops what is ahead up to a line break, a buffer at a time: a line of gigabytes takes no
// more memory than one of 1 MiB.
func (f *Reader) skipLine() {
	for {
		data := f.ahead(f.In.Buffered())
		if end := lineBreak(data); end > 0 {
			_, _ = f.In.Discard(end)
			return
		}
		if f.err != nil {
			_, _ = f.In.Discard(len(data))
			return
		}
		// A CR at the end of the buffer stays, until it is known whether an LF follows.
		kept := len(data) - len(bytes.TrimSuffix(data, []byte("\r")))
		_, _ = f.In.Discard(len(data) - kept)
		_, f.err = f.In.Peek(kept + 1)
	}
}

// Again makes next return the same record once more. It is only valid right after next.
func (f *Reader) Again() { f.size, f.lines, f.long = 0, 0, false }
