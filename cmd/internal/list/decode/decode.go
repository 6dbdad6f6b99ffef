// Package decode turns lists into UTF-8, whatever they are encoded in. A list seldom says how it is
// encoded; a wrong guess makes the names of columns and gateways unreadable, while imp_uids, which are
// ASCII, are the same in all encodings but UTF-16.
package decode

import (
	"bufio"
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"receiptrevoker/cmd/internal/list/plain"
)

// How lists are encoded, in the words that list.Layout shows.
const (
	UTF8    = "UTF-8"          // what most programs write
	bomUTF8 = "UTF-8 with BOM" // Excel's CSV UTF-8
	utf16   = "UTF-16"         // Excel's Unicode text, of either byte order
	EUCKR   = "EUC-KR (CP949)" // Excel's CSV in Korea
)

// UTF8Mark is the byte-order mark of UTF-8. It may stand before compressed data, too, and in the middle
// of files that were put together: see packages unpack and frame.
const UTF8Mark = "\xEF\xBB\xBF"

// byteOrderMarks are what a list may begin with to say how it is encoded.
var byteOrderMarks = []struct{ mark, encoding string }{
	{UTF8Mark, bomUTF8},
	{"\xFF\xFE", utf16}, // Excel's "Unicode text"
	{"\xFE\xFF", utf16},
}

// Open returns a buffer on the list after its byte-order mark, and the encoding that the mark tells, if
// there is one; else "", and [Guess] tells it. UTF-16, with a mark or without, is turned into UTF-8 on
// the way. The buffer holds 128 KiB, see [HeadSize]. The error is r's.
func Open(r io.Reader) (*bufio.Reader, string, error) {
	in := bufio.NewReaderSize(r, 2*HeadSize)
	head, err := Peek(in)
	if err != nil {
		return nil, "", err
	}
	for _, bom := range byteOrderMarks {
		if !bytes.HasPrefix(head, []byte(bom.mark)) {
			continue
		}
		if bom.encoding == utf16 {
			return FromUTF16(in, unicode.LittleEndian, unicode.ExpectBOM), utf16, nil
		}
		_, err := in.Discard(len(bom.mark))
		return in, bom.encoding, err
	}
	if order, ok := guessUTF16(head); ok {
		return FromUTF16(in, order, unicode.IgnoreBOM), utf16, nil
	}
	return in, "", nil
}

// FromUTF16 returns a text in UTF-16 as UTF-8. What is no character becomes U+FFFD, and is no error.
func FromUTF16(in io.Reader, order unicode.Endianness, bom unicode.BOMPolicy) *bufio.Reader {
	return bufio.NewReaderSize(transform.NewReader(in, unicode.UTF16(order, bom).NewDecoder()), 2*HeadSize)
}

// Guess returns the encoding of a list that begins with head: CP949 if head is no UTF-8, and every byte
// of it is CP949. If it fits neither, it is UTF-8, so that every line can be judged by itself.
func Guess(head []byte) string {
	head = wholeLines(head)
	var d Decoder
	if !utf8.Valid(head) && fits(d.fromKorean(head)) {
		return EUCKR
	}
	return UTF8
}

// wholeLines returns the head of a list without its last line if that may be cut within a character:
// one half character at the end would make UTF-8 look like something else. A head of one line alone
// tells nothing; then each record is decoded by itself.
func wholeLines(head []byte) []byte {
	if len(head) == HeadSize {
		return head[:bytes.LastIndexAny(head, "\r\n")+1]
	}
	return head
}

// Whole returns text without the part of a UTF-8 character at which it was cut, up to three bytes.
func Whole(text []byte) []byte {
	for n := range min(utf8.UTFMax, len(text)) {
		if shorter := text[:len(text)-n]; utf8.Valid(shorter) {
			return shorter
		}
	}
	return text
}

// fits reports whether a decoder that yielded text understood every byte: it writes U+FFFD for others.
func fits(text []byte) bool { return !bytes.ContainsRune(text, utf8.RuneError) }

// Decoder turns records into UTF-8, one after another. The zero value is for a list in UTF-8.
type Decoder struct {
	// Korean says that every record is CP949, also one that happens to be valid UTF-8: 표 is C7 A5 in
	// CP949, which is a character of UTF-8 as well.
	Korean bool
	// buffer holds the last record that was decoded, so that a list costs one allocation.
	buffer []byte
}

// Decode returns record in UTF-8, valid until the next call. A record that is not in the list's
// encoding is read in the other, as where files of two programs were put together; what fits neither
// becomes U+FFFD, so that the rest of it can still be used.
func (d *Decoder) Decode(record []byte) []byte {
	if !d.Korean && utf8.Valid(record) {
		return record
	}
	text := d.fromKorean(record)
	if fits(text) || d.Korean && !utf8.Valid(record) {
		return text
	}
	return bytes.ToValidUTF8(record, []byte("\uFFFD"))
}

// fromKorean decodes EUC-KR with the extension of CP949: golang.org/x/text names it EUCKR, and has the
// 8,822 syllables besides, such as 똠.
func (d *Decoder) fromKorean(record []byte) []byte {
	// No byte becomes more than one rune.
	if room := utf8.UTFMax * len(record); len(d.buffer) < room {
		d.buffer = make([]byte, room)
	}
	// Bytes that are none become U+FFFD, and are no error.
	n, _, _ := korean.EUCKR.NewDecoder().Transform(d.buffer, record, true)
	return d.buffer[:n]
}

// HeadSize is how much of a list is looked at to find out how it is written: 64 KiB. Two times that is
// buffered, so that a record of that length can be looked at whole before it is taken. A pipe is waited
// for until it has written as much, or has ended.
const HeadSize = 64 << 10

// Peek returns the first 64 KiB of what is ahead, or all if it is less, and takes nothing.
func Peek(in *bufio.Reader) ([]byte, error) {
	head, err := in.Peek(HeadSize)
	if err == io.EOF {
		err = nil
	}
	return head, err
}

// guessUTF16 returns the byte order of UTF-16 without a byte-order mark, and false if head is something
// else. UTF-16 is known by the zero bytes in its ASCII, of which a list has at least line ends; a text
// in UTF-8 or CP949 may have some, too, as a program leaves them.
func guessUTF16(head []byte) (unicode.Endianness, bool) {
	if bytes.IndexByte(head, 0) < 0 {
		return unicode.LittleEndian, false
	}
	little, big := textUnits(head, 0), textUnits(head, 1)
	units := len(head) / 2
	// More than half of the units have to be ASCII or Korean, and more than three quarters where head is
	// valid in another encoding as well: pure ASCII with zero bytes between is both.
	if text := max(little, big); text*2 <= units || text*4 <= 3*units && isText(wholeLines(head)) {
		return unicode.LittleEndian, false
	}
	if little > big {
		return unicode.LittleEndian, true
	}
	return unicode.BigEndian, true
}

// isText reports whether head is UTF-8 or CP949.
func isText(head []byte) bool {
	var d Decoder
	return utf8.Valid(head) || fits(d.fromKorean(head))
}

// textUnits returns how many units of two bytes, of which the one at low, 0 or 1, is the lower, are
// ASCII or Korean; 0 if more than one in 50 is a control character, as in a binary file. Read in the
// wrong order, ASCII is ideographs and the like, and does not count.
func textUnits(head []byte, low int) int {
	text, controls := 0, 0
	for i := 0; i+1 < len(head); i += 2 {
		switch unit := rune(head[i+1-low])<<8 | rune(head[i+low]); {
		case unit < ' ' && strings.IndexByte(plain.Blanks, byte(unit)) < 0:
			controls++
		case unit < utf8.RuneSelf, isKorean(unit):
			text++
		}
	}
	if controls*50 > len(head)/2 {
		return 0
	}
	return text
}

// isKorean reports whether r is Hangul, whole or in parts, or of the punctuation and the
// wide Latin letters around it.
func isKorean(r rune) bool {
	return r >= 0xAC00 && r <= 0xD7A3 || r >= 0x1100 && r <= 0x11FF || r >= 0x3000 && r <= 0x303F ||
		r >= 0x3130 && r <= 0x318F || r >= 0xFF00 && r <= 0xFFEF
}
