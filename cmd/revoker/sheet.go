package main

import (
	"bufio"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"receiptrevoker/tasks/outcome"
)

// sheet writes CSV that a person may open in a spreadsheet whatever that takes for the separator: names
// in a list and messages of gateways are written by others, and no value may become a formula. Excel
// goes by the region of the machine, and LibreOffice suggests comma, semicolon and tab at once.
//
// A failure to write stays in the buffer, and its Flush returns it.
type sheet struct{ out *bufio.Writer }

// write writes a record as RFC 4180 has it, with LF as the end of the line. A value with any separator
// is quoted, so that a spreadsheet which splits at several of them keeps the value whole.
func (s sheet) write(record []string) error {
	for i, value := range record {
		if i > 0 {
			_ = s.out.WriteByte(',')
		}
		value = inert(shown(value))
		if strings.HasPrefix(value, " ") || strings.ContainsAny(value, `"`+separators) {
			value = `"` + strings.ReplaceAll(value, `"`, `""`) + `"`
		}
		_, _ = s.out.WriteString(value)
	}
	return s.out.WriteByte('\n')
}

// values returns an outcome's values for a record. Messages are those of gateways: in one line, since a
// CSV that is printed must show no lines which nothing but a message has.
func values(o outcome.Outcome) []string {
	record := o.Values()
	for i, value := range record {
		record[i] = plain(value)
	}
	return record
}

// lineEnds makes all line ends LF: a CR alone takes a terminal back to the beginning of its line.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// shown returns a value without the characters that change how others are shown, such as ESC and
// U+202E, which become "?": a spreadsheet drops some of them and begins with what follows, and a CSV is
// printed on terminals too. Tabs become blanks. Unlike in [plain], line ends stay, and so does what is
// only invisible, such as a zero-width joiner: the list's own values are found by programs.
func shown(value string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t':
			return ' '
		case unicode.IsControl(r), unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp):
			return '?'
		}
		return r
	}, lineEnds.Replace(value))
}

// separators are the characters at which spreadsheets split, beside blanks, of what [shown] leaves.
const separators = ",;|\n"

// plainNumber matches what a spreadsheet takes for a number and for nothing else, such as -5 and +1.25.
// -2+3 is a formula.
var plainNumber = regexp.MustCompile(`^[+-]?[0-9]+(\.[0-9]+)?$`)

// inert returns a value in which nothing begins a formula, wherever a spreadsheet splits it: the first
// visible character of the value, and behind each separator or blank, is no =, +, -, @ or another form
// of these, such as the full-width ones. It gets an apostrophe before it: =HYPERLINK(…) becomes
// '=HYPERLINK(…), and "x;=1" becomes "x;'=1", which show as text. A program that reads the CSV finds the
// apostrophe too. A plain number, such as -5, stays, and so does a sign between blanks, as in "a - b".
func inert(value string) string {
	const (
		begins    = iota // at the beginning, or behind a separator and perhaps blanks
		continues        // behind a visible character
		again            // behind blanks that follow one
	)
	if plainNumber.MatchString(value) {
		return value
	}
	var safe strings.Builder
	at, done := begins, 0
	for i, r := range value {
		switch {
		case strings.ContainsRune(separators, r):
			at = begins
		case at == continues && unicode.IsSpace(r):
			at = again
		case at == continues, r == '"', invisible(r):
		case operator(r) && (at == begins || !harmless(value[i:])):
			safe.WriteString(value[done:i] + "'")
			at, done = continues, i
		default:
			at = continues
		}
	}
	return safe.String() + value[done:]
}

// harmless reports whether an operator behind a blank is alone, or with a number alone, up to a blank. A
// spreadsheet that splits at blanks makes no formula of that; to any other it is in the middle of text.
// Nothing else ends it: where a comma is the decimal point, "-5,5*A1" is a formula, and where a line
// end is a blank "-5\n*A1".
func harmless(rest string) bool {
	part, _, ended := strings.Cut(rest, " ")
	return ended && (utf8.RuneCountInString(part) == 1 || plainNumber.MatchString(part))
}

// operator reports whether a formula may begin with a character. Excel takes full-width forms for the
// ordinary ones; the other compatibility forms of Unicode come with them.
func operator(r rune) bool {
	if r < utf8.RuneSelf {
		return strings.ContainsRune("=+-@", r)
	}
	return strings.ContainsAny(norm.NFKC.String(string(r)), "=+-@\u2212")
}

// invisible reports whether a character shows nothing by itself: blanks, format characters such as the
// zero-width ones, marks that belong to the letter before, and the fillers of Hangul and Braille.
func invisible(r rune) bool {
	if r < utf8.RuneSelf {
		return r <= ' '
	}
	return r == '\u2800' || unicode.IsSpace(r) || !unicode.IsGraphic(r) ||
		unicode.In(r, unicode.Mn, unicode.Me, unicode.Other_Default_Ignorable_Code_Point)
}
