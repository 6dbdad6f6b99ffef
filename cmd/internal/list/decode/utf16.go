package decode

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"

	"receiptrevoker/cmd/internal/list/plain"
)

// guessUTF16 returns the byte order of UTF-16 without a byte-order mark, and false if head
// is something else. UTF-16 is known by the zero bytes in its ASCII, of which a list has at
// least line ends; a text in UTF-8 or CP949 may have some, too, as a program leaves them.
func guessUTF16(head []byte) (unicode.Endianness, bool) {
	if bytes.IndexByte(head, 0) < 0 {
		return unicode.LittleEndian, false
	}
	little, big := textUnits(head, 0), textUnits(head, 1)
	units := len(head) / 2
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

// textUnits returns how many units of two bytes, of which the one at low, 0 or 1, is the
// lower, are ASCII or Korean; 0 if more than one in 50 is a control character, as in a
// binary file.
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
