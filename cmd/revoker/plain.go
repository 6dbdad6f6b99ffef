package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// plain returns a text as one line without what a terminal would obey, or would show in another order.
// Messages of gateways, names of queues and batches, reasons of pauses and names in lists are written
// by others: an escape sequence in them could clear the screen, and U+202E turns the rest of a line
// round. Line ends and tabs become blanks, so that no message can look like a row of a table. The rest,
// which are control characters (U+0080 to U+009F too), marks of direction and separators of lines
// (U+2028, U+2029), becomes "?".
//
// [screen.line] makes every line plain that people read, so that callers hand in names and messages as
// they are. Only who counts columns calls it before, as [pad] does.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			return ' '
		case !unicode.IsGraphic(r):
			return '?'
		}
		return r
	}, text)
}

// makePlain changes the arguments of a format such that each is plain in what fmt makes of them. A line
// end in the format begins a line; one in an argument, such as an error with a gateway's message, must
// not, or a message could show lines that this program never wrote. It changes the slice itself and
// returns none, so that go vet takes its caller for a wrapper of fmt.Sprintf and checks the formats.
func makePlain(args []any) {
	for i, arg := range args {
		args[i] = plainArgument{arg}
	}
}

// plainArgument formats a value as fmt formats the value itself, and makes the result plain.
type plainArgument struct{ value any }

func (a plainArgument) Format(f fmt.State, verb rune) {
	_, _ = io.WriteString(f, plain(fmt.Sprintf(fmt.FormatString(f, verb), a.value)))
}

// escaped returns JSON in which every character that plain would replace has its escape, such as
// \u009b: encoding/json escapes U+0000 to U+001F, U+2028 and U+2029 alone, and people read --json on
// terminals too. The values stay the same. Beyond ASCII, JSON has characters in its strings alone, so
// that nothing else is changed.
func escaped(json []byte) []byte {
	hostile := func(r rune) bool { return r >= 0x7f && !unicode.IsGraphic(r) }
	if bytes.IndexFunc(json, hostile) < 0 {
		return json
	}
	safe := make([]byte, 0, 2*len(json))
	for _, r := range string(json) {
		switch high, low := utf16.EncodeRune(r); {
		case !hostile(r):
			safe = utf8.AppendRune(safe, r)
		case high != unicode.ReplacementChar: // a character beyond U+FFFF has two escapes
			safe = fmt.Appendf(safe, `\u%04x\u%04x`, high, low)
		default:
			safe = fmt.Appendf(safe, `\u%04x`, r)
		}
	}
	return safe
}
