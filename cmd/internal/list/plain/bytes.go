package plain

import (
	"bytes"
)

// Blanks are what a text may have between its lines. Ctrl-Z (0x1A) is how DOS ends one.
const Blanks = " \t\r\n\x1A"

// FirstByte returns the first byte of head that is no blank, 0 if all are.
func FirstByte(head []byte) byte {
	if head = bytes.TrimLeft(head, Blanks); len(head) > 0 {
		return head[0]
	}
	return 0
}

// SeparatorNames are the words for what separates fields.
var SeparatorNames = map[byte]string{',': "comma", ';': "semicolon", '\t': "tab", '|': "pipe", '^': "caret"}

// The bytes that separate cells.
const (
	// Separators are what may separate the fields of a CSV, in the order in which
	// they are preferred where a list looks the same by several.
	Separators = ",;\t|^"
	// Unfilled is what a row without values is made of.
	Unfilled = " \r\n\x1A" + Separators
)
