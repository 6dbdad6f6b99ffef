package list

import (
	"bufio"
	"bytes"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

const (
	plainUTF8 = "UTF-8"
	bomUTF8   = "UTF-8 with BOM"
	utf16     = "UTF-16"
	eucKR     = "EUC-KR (CP949)"
)

const bomUTF8Mark = "\xEF\xBB\xBF"

// byteOrderMarks are what a list may begin with to say how it is encoded.
var byteOrderMarks = []struct{ mark, encoding string }{
	{bomUTF8Mark, bomUTF8},
	{"\xFF\xFE", utf16}, // Excel's "Unicode text"
	{"\xFE\xFF", utf16},
}

// open returns a buffer on the list after its byte-order mark, and the encoding
// that the mark tells, if there is one. UTF-16, with a mark or without, is turned
// into UTF-8 on the way.
func open(r io.Reader) (*bufio.Reader, string, error) {
	in := bufio.NewReaderSize(r, 2*headSize)
	head, err := peek(in)
	if err != nil {
		return nil, "", err
	}
	for _, bom := range byteOrderMarks {
		if !bytes.HasPrefix(head, []byte(bom.mark)) {
			continue
		}
		if bom.encoding == utf16 {
			return fromUTF16(in, unicode.LittleEndian, unicode.ExpectBOM), utf16, nil
		}
		_, err := in.Discard(len(bom.mark))
		return in, bom.encoding, err
	}
	if order, ok := guessUTF16(head); ok {
		return fromUTF16(in, order, unicode.IgnoreBOM), utf16, nil
	}
	return in, "", nil
}

func fromUTF16(in io.Reader, order unicode.Endianness, bom unicode.BOMPolicy) *bufio.Reader {
	return bufio.NewReaderSize(transform.NewReader(in, unicode.UTF16(order, bom).NewDecoder()), 2*headSize)
}

// guess returns the encoding of a list that begins with head. If it fits none,
// it is UTF-8, which lets every line be judged by itself.
func guess(head []byte) string {
	head = wholeLines(head)
	var d decoder
	if !utf8.Valid(head) && fits(d.fromKorean(head)) {
		return eucKR
	}
	return plainUTF8
}

// wholeLines returns the head of a list without its last line if that may be cut within a
// character.
func wholeLines(head []byte) []byte {
	if len(head) == headSize {
		return head[:bytes.LastIndexAny(head, "\r\n")+1]
	}
	return head
}

// whole returns text without the part of a UTF-8 character at which it was cut.
func whole(text []byte) []byte {
	for n := range min(utf8.UTFMax, len(text)) {
		if shorter := text[:len(text)-n]; utf8.Valid(shorter) {
			return shorter
		}
	}
	return text
}

// fits reports whether a decoder that yielded text understood every byte.
func fits(text []byte) bool { return !bytes.ContainsRune(text, utf8.RuneError) }

// decoder turns records into UTF-8.
type decoder struct {
	korean bool // every record is CP949, also one that happens to be valid UTF-8
	buffer []byte
}

// decode returns record in UTF-8, valid until the next call. A record that is
// not in the list's encoding is read in the other; what fits neither becomes
// U+FFFD, so that the rest of it can still be used.
func (d *decoder) decode(record []byte) []byte {
	if !d.korean && utf8.Valid(record) {
		return record
	}
	text := d.fromKorean(record)
	if fits(text) || d.korean && !utf8.Valid(record) {
		return text
	}
	return bytes.ToValidUTF8(record, []byte("\uFFFD"))
}

// fromKorean decodes EUC-KR with the extension of CP949.
func (d *decoder) fromKorean(record []byte) []byte {
	if room := utf8.UTFMax * len(record); len(d.buffer) < room { // no byte becomes more than one rune
		d.buffer = make([]byte, room)
	}
	n, _, _ := korean.EUCKR.NewDecoder().Transform(d.buffer, record, true) // bad bytes become U+FFFD, no error
	return d.buffer[:n]
}
