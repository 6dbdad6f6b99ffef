// Package plain takes off what spreadsheets and people put around values and names. Nothing else about
// a list is known here.
package plain

import (
	"bytes"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Value returns the value of a cell: without blanks around it, characters that are invisible included,
// and without what spreadsheets dress text in so that it stays text, ="0012" and '0012. What is inside
// stays: an imp_uid with a blank in its middle is not mended, but reported.
func Value(value string) string {
	// Most cells begin and end with a letter or a digit, and cost two comparisons.
	if n := len(value); n == 0 || bare(value[0]) && bare(value[n-1]) {
		return value
	}
	// One dress may be in another, as in '="imp_1": they are taken off until nothing changes.
	for {
		text := strings.TrimFunc(value, invisible)
		if inner, ok := strings.CutPrefix(text, `="`); ok && strings.HasSuffix(inner, `"`) {
			text = strings.ReplaceAll(strings.TrimSuffix(inner, `"`), `""`, `"`)
		} else if inner, ok := strings.CutPrefix(text, "'"); ok {
			text = strings.TrimSuffix(inner, "'")
		}
		if text == value {
			return text
		}
		value = text
	}
}

// Cell returns the value of a cell of a row, "" if the row does not reach there.
func Cell(cells []string, i int) string {
	if i < 0 || i >= len(cells) {
		return ""
	}
	return Value(cells[i])
}

// bare reports whether a cell's first or last byte is neither a blank nor part of what Value takes off.
// A byte of a character beyond ASCII is not bare: it may be a blank such as U+00A0.
func bare(b byte) bool { return b > ' ' && b < 0x7F && b != '"' && b != '\'' && b != '=' }

// invisible reports whether r is a blank or a character without a width: a zero width space or joiner,
// a direction mark, a word joiner, a byte-order mark, or the Ctrl-Z with which DOS ends a text. Left
// around an imp_uid, they would make it invalid, and the person who looks would see no difference.
func invisible(r rune) bool {
	return unicode.IsSpace(r) || r == 0x1A || r >= 0x200B && r <= 0x200F ||
		r >= 0x202A && r <= 0x202E || r == 0x2060 || r == 0xFEFF
}

// HasDigit reports whether a cell has a digit of ASCII, as every imp_uid of PortOne has.
func HasDigit(cell string) bool { return strings.ContainsAny(cell, "0123456789") }

// Empty reports whether no column holds anything but blanks: such a row is passed over, not reported.
func Empty(columns []string) bool {
	for _, column := range columns {
		if Value(column) != "" {
			return false
		}
	}
	return true
}

// Name returns a name as it looks: composed (NFC), with single blanks, and without invisible
// characters. Hangul that is written in parts (NFD), as on macOS, looks the same and differs in every
// byte; a line break within the cell of a header is a blank.
func Name(name string) string {
	return norm.NFC.String(strings.Join(strings.FieldsFunc(name, invisible), " "))
}

// Squeeze returns the letters and digits of a name, in lower case: imp_uid, Imp-UID and "IMP UID" all
// become impuid. It returns "" for what is several names, split by another separator than the list's:
// in "imp_uid;pg", read with commas, no column is named. It returns "" for more than 200 bytes, too.
func Squeeze(name string) string {
	if len(name) > 200 || strings.ContainsAny(name, "\t;|^") {
		return ""
	}
	return LettersAndDigits(name)
}

// LettersAndDigits returns those of a text, in lower case and composed (NFKC): full-width letters as in
// ｉｍｐ＿ｕｉｄ become those of ASCII.
func LettersAndDigits(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKC.String(text))
}

// Blanks are what a text may have between its lines. Ctrl-Z (0x1A) is how DOS ends one.
const Blanks = " \t\r\n\x1A"

// FirstByte returns the first byte of head that is no blank, 0 if all are. It tells JSON from a CSV.
func FirstByte(head []byte) byte {
	if head = bytes.TrimLeft(head, Blanks); len(head) > 0 {
		return head[0]
	}
	return 0
}

// SeparatorNames are the words for what separates fields, as errors and list.Layout show them. A tab in
// an error could not be seen.
var SeparatorNames = map[byte]string{',': "comma", ';': "semicolon", '\t': "tab", '|': "pipe", '^': "caret"}

// The bytes that separate cells.
const (
	// Separators are what may separate the fields of a CSV, in the order in which
	// they are preferred where a list looks the same by several.
	Separators = ",;\t|^"
	// Unfilled is what a row without values is made of.
	Unfilled = " \r\n\x1A" + Separators
)
