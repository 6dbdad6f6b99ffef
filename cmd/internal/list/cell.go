package list

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"receiptrevoker/tasks"
)

// clean returns the value of a cell: without blanks around it, characters that
// nobody sees included, and without what spreadsheets dress text in so that it
// stays text, ="…" and a leading apostrophe.
func clean(value string) string {
	if n := len(value); n == 0 || bare(value[0]) && bare(value[n-1]) {
		return value
	}
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

// bare reports whether a cell's first or last byte is neither a blank nor part
// of what clean takes off.
func bare(b byte) bool { return b > ' ' && b < 0x7F && b != '"' && b != '\'' && b != '=' }

// invisible reports whether r is a blank or a character without a width: a zero
// width space or joiner, a direction mark, a word joiner, a byte-order mark, or the Ctrl-Z
// with which DOS ends a text.
func invisible(r rune) bool {
	return unicode.IsSpace(r) || r == 0x1A || r >= 0x200B && r <= 0x200F || r >= 0x202A && r <= 0x202E || r == 0x2060 || r == 0xFEFF
}

// ordinary reports whether an imp_uid looks like PortOne's, imp_448280090638.
// What is rare is looked for in other lines alone.
func ordinary(impUID string) bool {
	if len(impUID) < 5 || impUID[:3] != "imp" {
		return false
	}
	last := impUID[len(impUID)-1]
	return last >= '0' && last <= '9'
}

var secondImpUID = regexp.MustCompile(`(?i)(?:^imps?_.*|[a-z0-9])(?:imps?_|imp[ _-]?uid)`)

// glued reports whether a text has the beginning of an imp_uid, or the name of its column,
// after something else: as where a file without a line end was put before another. PortOne's
// imp_uids go on with digits.
func glued(text string) bool {
	return (!ordinary(text) || strings.Contains(text[3:], "imp")) && secondImpUID.MatchString(text)
}

var (
	anyImpUID  = regexp.MustCompile(`(?i)imps?_[0-9]`)
	nextImpUID = regexp.MustCompile(`[\pL\pN]imps?_[0-9]`)
)

// holdsImpUID reports whether a text holds an imp_uid as PortOne makes them, whatever is around it.
func holdsImpUID(text string) bool { return anyImpUID.MatchString(text) }

// beginsImpUID reports whether a text begins as an imp_uid of PortOne does.
func beginsImpUID(text string) bool {
	at := anyImpUID.FindStringIndex(text)
	return at != nil && at[0] == 0
}

// gluedCell returns an error if a cell has an imp_uid right after a letter or a digit: as where
// a line that ends in another cell has no line end.
func gluedCell(columns []string) error {
	i := slices.IndexFunc(columns, nextImpUID.MatchString)
	if i < 0 {
		return nil
	}
	return invalidf("%q has imp_ after other text: a line end is missing before it", cut(tidy(columns[i])))
}

// validate returns an error that matches [tasks.ErrInvalid] unless impUID can
// be asked for.
func validate(impUID string) error {
	if !ordinary(impUID) && impUID != "" && tasks.StandsForNoValue(impUID) {
		return invalidf("imp_uid %q stands for no value", impUID)
	}
	if impUID != "" && glued(impUID) {
		return invalidf("%q has imp_ in its middle: a line end is missing between two imp_uids", cut(impUID))
	}
	if err := tasks.ValidateImpUID(impUID); err != nil {
		return invalidf("%s", strings.TrimPrefix(err.Error(), tasks.ErrInvalid.Error()+": "))
	}
	if ofPortOne(impUID) || impUID[0] <= '9' { // no gateway's name begins with a digit
		return nil
	}
	if _, known := tasks.ParseGateway(impUID); known {
		return invalidf("%q stands in the imp_uid's place, and is the name of a gateway", impUID)
	}
	return nil
}

// figure is a number in a row of totals, as in 총 3건.
const figure = `[\d,.]+\s*(?:건|원|개|rows?|lines?)?`

var (
	errTotals = invalidf("the line looks like a row of totals")

	totals = regexp.MustCompile(`(?i)^[<\[(*]*(?:` +
		`(?:총\s*합\s*계|전체\s*합계|총\s*계|합\s*계|소\s*계|누\s*계|계|총)\s*(?:건수|금액|수량)?[\s:(=]*(?:` + figure + `)?|` +
		`(?:(?:grand |sub[ -]?)?totals?|sum)(?:[\s:(=]+(?:count|amount|` + figure + `))*)[\s>\])*:.]*$`)
	number = regexp.MustCompile(`^[\d,.]+$`)
)

// looksLikeTotals reports whether a row is what a person or a program put below
// a list: it has no imp_uid, or a number in its place, and the word in another
// cell, or the word stands in the imp_uid's place.
func looksLikeTotals(row Row) bool {
	if row.ImpUID != "" && !number.MatchString(row.ImpUID) {
		return totals.MatchString(norm.NFC.String(row.ImpUID))
	}
	for i := range row.Columns {
		if cell := row.column(i); cell != "" && len(cell) < 200 && totals.MatchString(norm.NFC.String(cell)) {
			return true
		} else if cell != "" && row.ImpUID != "" {
			return false // with a number as the imp_uid, the first cell must say it
		}
	}
	return false
}
