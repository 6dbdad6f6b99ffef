package lines

import (
	"regexp"

	"golang.org/x/text/unicode/norm"

	"receiptrevoker/cmd/internal/list/fault"
	"receiptrevoker/cmd/internal/list/payment"
)

// figure is a number in a row of totals, as in 총 3건.
const figure = `[\d,.]+\s*(?:건|원|개|rows?|lines?)?`

var (
	errTotals = fault.Invalid("the line looks like a row of totals")
	bareCount = regexp.MustCompile(`^[0-9]{1,7}$`) // of at most a workbook's rows; an imp_uid has 10 digits and more

	totals = regexp.MustCompile(`(?i)^[<\[(*]*(?:` +
		`(?:총\s*합\s*계|전체\s*합계|총\s*계|합\s*계|소\s*계|누\s*계|집\s*계|평\s*균|요\s*약|건\s*수|개\s*수|계|총)\s*(?:건수|금액|수량)?` +
		`[\s:(=]*(?:` + figure + `)?|` +
		`(?:(?:grand |sub[ -]?)?totals?|sum|count|average|avg|mean)` +
		`(?:[\s:(=]+(?:count|amount|` + figure + `))*)[\s>\])*:.]*$`)
	number = regexp.MustCompile(`^[\d,.]+$`)
)

// looksLikeTotals reports whether a row is what a person or a program put below
// a list: it has no imp_uid, or a number in its place, and the word in another
// cell, or the word stands in the imp_uid's place.
func looksLikeTotals(row payment.Row) bool {
	if row.ImpUID != "" && !number.MatchString(row.ImpUID) {
		return totals.MatchString(norm.NFC.String(row.ImpUID))
	}
	for i := range row.Columns {
		if cell := row.Column(i); cell != "" && len(cell) < 200 && totals.MatchString(norm.NFC.String(cell)) {
			return true
		} else if cell != "" && row.ImpUID != "" {
			return false // with a number as the imp_uid, the first cell must say it
		}
	}
	return false
}
