package sheet

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"

	"receiptrevoker/cmd/internal/list/decode"
	"receiptrevoker/cmd/internal/list/fault"
	"receiptrevoker/cmd/internal/list/frame"
)

// attribute returns the value of an attribute without a prefix, "" if there is none: hidden, but not
// x14ac:hidden, which is of an extension.
func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}

// maxMarkup is how many bytes between two '<' are read: what fits into no row is cut, also where each
// of its bytes is written as &amp;, in five.
const maxMarkup = 5 * frame.MaxRecord

// maxToken bounds what encoding/xml holds at a time: 6 MiB. It is more than maxMarkup, so that a text
// is cut before it is too long.
const maxToken = maxMarkup + frame.MaxRecord

// errToken is the error for markup, such as a comment, that cannot be cut as a text can.
var errToken = errors.New("a piece of its XML is longer than 6 MiB")

// xmlReader reads XML token by token in bounded memory. encoding/xml holds a token as a whole, and a
// small archive can unpack to one of gigabytes: a text is cut after somewhat more than a row may have,
// and what cannot be cut ends the reading.
type xmlReader struct {
	// decoder reads from the xmlReader itself, so that it sees only what is kept.
	decoder *xml.Decoder
	in      io.Reader
	// text is how many bytes were read since the last '<'.
	text int
	// cut says that the text is cut: bytes are dropped up to the next '<'.
	cut bool
	// token is how many bytes were read for the token ahead, and not dropped.
	token int
}

func newXMLReader(in io.Reader) *xmlReader {
	r := &xmlReader{in: asUTF8(in)}
	r.decoder = newXMLDecoder(bufio.NewReaderSize(r, decode.HeadSize))
	return r
}

// asUTF8 returns XML in UTF-8, which may be in UTF-16: ECMA-376 part 2 allows both.
func asUTF8(in io.Reader) io.Reader {
	buffer := bufio.NewReaderSize(in, decode.HeadSize)
	head, _ := buffer.Peek(2) // an error comes again
	switch string(head) {
	case "\xFF\xFE", "\xFE\xFF":
		return decode.FromUTF16(buffer, unicode.LittleEndian, unicode.ExpectBOM)
	case "<\x00":
		return decode.FromUTF16(buffer, unicode.LittleEndian, unicode.IgnoreBOM)
	case "\x00<":
		return decode.FromUTF16(buffer, unicode.BigEndian, unicode.IgnoreBOM)
	}
	return buffer
}

// newXMLDecoder returns a decoder of what asUTF8 returns, whatever it was written in.
func newXMLDecoder(in io.Reader) *xml.Decoder {
	decoder := xml.NewDecoder(in)
	decoder.CharsetReader = func(label string, in io.Reader) (io.Reader, error) {
		if strings.HasPrefix(strings.ToLower(label), "utf-16") {
			return in, nil
		}
		return nil, fmt.Errorf("its XML is in %s: save it with Excel", fault.Cut(label))
	}
	return decoder
}

// next returns the next token, valid until the call after. It does not check that elements end in their
// order, nor resolve prefixes (RawToken of encoding/xml): the archive has a checksum, and local names
// suffice.
func (r *xmlReader) next() (xml.Token, error) {
	r.token = 0
	return r.decoder.RawToken()
}

// Read reads into p what encoding/xml is to see. Where all of p was dropped it reads on.
func (r *xmlReader) Read(p []byte) (int, error) {
	for r.token <= maxToken {
		n, err := r.in.Read(p)
		kept := r.keep(p[:n])
		if r.token += kept; kept > 0 || err != nil {
			return kept, err
		}
	}
	return 0, errToken
}

// keep drops from p what goes beyond a text's bound, and returns what is left.
func (r *xmlReader) keep(p []byte) int {
	kept := 0
	for len(p) > kept {
		end := bytes.IndexByte(p[kept:], '<')
		if end < 0 {
			end = len(p) - kept
		}
		if r.cut || r.text+end > maxMarkup {
			take := r.cutAt(p[kept : kept+end])
			p = append(p[:kept+take], p[kept+end:]...)
			end = take
		}
		kept, r.text = kept+end, r.text+end
		if kept < len(p) { // at the '<'
			kept, r.text, r.cut = kept+1, 0, false
		}
	}
	return kept
}

// cutAt returns where a piece of a text is to be cut: neither within a character nor within a reference
// such as &#44032; which are shorter than the margin of 16 bytes.
func (r *xmlReader) cutAt(piece []byte) int {
	const margin = 16
	if r.cut {
		return 0
	}
	for i := max(0, maxMarkup-r.text); i < len(piece); i++ {
		if piece[i] == '&' || r.text+i >= maxMarkup+margin && utf8.RuneStart(piece[i]) {
			r.cut = true
			return i
		}
	}
	return len(piece)
}
