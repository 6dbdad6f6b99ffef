package list

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"unicode/utf8"
)

// maxToken bounds what encoding/xml holds at a time: 1 MiB.
const maxToken = 1 << 20

// maxMarkup is how many bytes between two '<' are read: what fits into no row is cut.
const maxMarkup = 2 * maxRecord

var errToken = errors.New("a piece of its XML is longer than 1 MiB")

// xmlReader reads XML token by token in bounded memory. encoding/xml holds a
// token as a whole, and a small archive can unpack to one of gigabytes: a text
// is cut after somewhat more than a row may have, and what cannot be cut ends
// the reading.
type xmlReader struct {
	decoder *xml.Decoder
	in      io.Reader
	text    int  // bytes since the last '<'
	cut     bool // the text is cut: bytes are dropped up to the next '<'
	token   int  // bytes that were read for the token ahead, and not dropped
}

func newXMLReader(in io.Reader) *xmlReader {
	r := &xmlReader{in: in}
	r.decoder = xml.NewDecoder(bufio.NewReaderSize(r, maxRecord))
	return r
}

// next returns the next token, valid until the call after. It does not check that
// elements end in their order: the archive has a checksum.
func (r *xmlReader) next() (xml.Token, error) {
	r.token = 0
	return r.decoder.RawToken()
}

// Read reads into p what encoding/xml is to see.
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

// cutAt returns where a piece of a text is to be cut: neither within a character nor
// within a reference such as &#44032; which are shorter than the margin.
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
