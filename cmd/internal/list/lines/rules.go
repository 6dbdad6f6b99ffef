package lines

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"receiptrevoker/cmd/internal/list/fault"
	"receiptrevoker/cmd/internal/list/header"
	"receiptrevoker/cmd/internal/list/impuid"
	"receiptrevoker/cmd/internal/list/naming"
	"receiptrevoker/cmd/internal/list/payment"
	"receiptrevoker/cmd/internal/list/plain"
	"receiptrevoker/tasks"
)

// tooWide returns the error for a record that reaches further than the list's. Two lines without a line
// end between them are as wide as a value without quotes; the former are known by an imp_uid or a name
// behind other text.
func (p *shape) tooWide(columns []string) error {
	isName := func(cell string) bool { return plain.Squeeze(cell) == plain.Squeeze(p.name) }
	if slices.ContainsFunc(columns, impuid.Glued) || slices.ContainsFunc(columns, isName) {
		return fmt.Errorf("the line has %d columns, not %d: a line end is missing in it", header.Reach(columns), p.Filled)
	}
	return fmt.Errorf("the line has %d columns, not %d: a value that contains a %s must be in quotes",
		header.Reach(columns), p.Filled, plain.SeparatorNames[p.comma])
}

// misplaced returns an error if the imp_uid of a row is none of PortOne's, and another column holds one
// of those, or the row is shorter than the list's: then a separator is missing in it. It returns nil
// where a word says that there is none, and where the column may be the wrong one, which is to be asked
// about: see list.Suspects.
//
// In 이름,imp_uid,apply_num the line "이 imp_1,3002" has 3002 in the imp_uid's column, and imp_1 in the
// first.
func (p *shape) misplaced(row payment.Row) error {
	if impuid.OfPortOne(row.ImpUID) || !p.sure && len(row.Columns) == p.Cells ||
		tasks.StandsForNoValue(row.ImpUID) && !plain.HasDigit(row.ImpUID) {
		return nil
	}
	for i := range row.Columns {
		if cell := row.Column(i); i != p.at[naming.ImpUIDField] && (impuid.Is(cell) || impuid.In(cell)) {
			return fault.Invalid("%q stands in the imp_uid's column, and %q in column %d",
				row.ImpUID, fault.Cut(plain.Name(cell)), i+1)
		}
	}
	if p.sure && !p.Sheet && len(row.Columns) < p.Least && !impuid.In(row.ImpUID) {
		return fault.Invalid("%q stands in the imp_uid's column, and the line has %d columns, not %d: "+
			"a %s may be missing in it", row.ImpUID, len(row.Columns), p.Least, plain.SeparatorNames[p.comma])
	}
	// A 5 below imp_uids is how many there are, which a person or a spreadsheet has put there.
	if p.sure && bareCount.MatchString(row.ImpUID) && !tasks.StandsForNoValue(row.ImpUID) {
		return fault.Invalid("%q stands in the imp_uid's column, where others begin with imp_: it may be how many there are",
			row.ImpUID)
	}
	return nil
}

// tooShort returns an error if a value of a short record may stand in another's column, or is lost:
// without its number or sub-merchant another receipt is revoked, or with another account. What a cell
// holds does not tell whose it is, but for the name of a gateway. A short record whose columns of that
// kind stand to the left of the imp_uid lacks nothing that matters.
func (p *shape) tooShort(row payment.Row, record []byte) error {
	cells, comma := len(row.Columns), plain.SeparatorNames[p.comma]
	if impuid.Odd(row.ImpUID) {
		return fault.Invalid("%q has not 10 to 13 digits after imp_, and the line has %d columns, not %d: a %s may be "+
			"missing in it, or it is cut", fault.Cut(row.ImpUID), cells, p.Least, comma)
	}
	_, named := tasks.ParseGateway(row.Column(p.at[naming.GatewayField]))
	if p.MovesReceipt || p.movesGateway && !named || impuid.MayBeTwo(record) {
		return fmt.Errorf("the line has %d columns, not %d: a %s may be missing in it", cells, p.Least, comma)
	}
	return nil
}

// amount is a number, or what an amount is written with: 000, 11,000원, ₩5.000, (3). No gateway is named
// so.
var amount = regexp.MustCompile(`^[-+(₩\\]*\s*[\d.,]*\d[\d.,]*\s*(?:원|won|krw)?\s*\)?$`)

// isLetter reports whether b is one of a to z: most cells of gateways begin so, and need no search.
func isLetter(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' }

// gatewayMoved returns an error if a row has another column's value in the gateway's, as where an
// amount such as 11,000 has no quotes: an amount stands there, or a column without a name has the
// gateway. No cell of a sheet moves. Without it 000 would count as no gateway, and the receipt would go
// to the queue of none.
func (p *CSV) gatewayMoved(row *payment.Row) error {
	at := p.at[naming.GatewayField]
	if p.Sheet || p.header.Line == 0 || at < 0 {
		return nil
	}
	cell := row.Column(at)
	if cell != "" && !isLetter(cell[0]) && amount.MatchString(cell) {
		return fault.Invalid("%q stands in the gateway's column, and is an amount or a number: a value to the left of it "+
			"may have a %s and no quotes", fault.Cut(cell), plain.SeparatorNames[p.comma])
	}
	for i := max(len(p.header.Names), at+1); i < len(row.Columns); i++ {
		value := row.Column(i)
		if _, names := tasks.ParseGateway(value); !names {
			continue
		}
		if _, known := tasks.ParseGateway(cell); !known {
			return fault.Invalid("%q stands in the gateway's column, and %q in column %d, which has no name: a value to the "+
				"left of it may have a %s and no quotes", fault.Cut(cell), fault.Cut(value), i+1, plain.SeparatorNames[p.comma])
		}
	}
	return nil
}

// figure is a number in a row of totals, as in 총 3건.
const figure = `[\d,.]+\s*(?:건|원|개|rows?|lines?)?`

var (
	// errTotals is the reason of a row below the payments that sums them up.
	errTotals = fault.Invalid("the line looks like a row of totals")
	// bareCount is a number of at most a workbook's rows; an imp_uid has 10 digits and more.
	bareCount = regexp.MustCompile(`^[0-9]{1,7}$`)

	// totals is the word of such a row, in Korean or English, alone or with a number: 합계, 총 3건,
	// Grand Total.
	totals = regexp.MustCompile(`(?i)^[<\[(*]*(?:` +
		`(?:총\s*합\s*계|전체\s*합계|총\s*계|합\s*계|소\s*계|누\s*계|집\s*계|평\s*균|요\s*약|건\s*수|개\s*수|계|총)\s*(?:건수|금액|수량)?` +
		`[\s:(=]*(?:` + figure + `)?|` +
		`(?:(?:grand |sub[ -]?)?totals?|sum|count|average|avg|mean)` +
		`(?:[\s:(=]+(?:count|amount|` + figure + `))*)[\s>\])*:.]*$`)
	number = regexp.MustCompile(`^[\d,.]+$`)
)

// looksLikeTotals reports whether a row is what a person or a program put below a list: it has no
// imp_uid, or a number in its place, and the word in another cell, or the word stands in the imp_uid's
// place. Otherwise the number in it would be requested as an imp_uid.
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

// errCutOff is the reason of a last line that may be shorter than it was written: half an imp_uid may
// be another payment's.
var errCutOff = errors.New("it is the last line, has no line end, and is shorter than the others: " +
	"the file may have been cut off here")

// shortest are the lengths of the shortest values that a column had: of all, and of those that are not
// empty. 0 is a column without any row, and 1 the empty value: a length is stored with one added.
type shortest struct{ all, filled int }

// add takes in a value.
func (s *shortest) add(value string) {
	n := len(value) + 1
	if s.all == 0 || n < s.all {
		s.all = n
	}
	if n > 1 && (s.filled == 0 || n < s.filled) {
		s.filled = n
	}
}

// longerThan reports whether all values that were added are longer than a value, but for empty ones if
// it is not. After 300000001 and an empty value, 3000 is shorter than all, and an empty one is not.
func (s *shortest) longerThan(value string) bool {
	if value == "" {
		return s.all > 1
	}
	return len(value)+1 < s.filled
}

// lengths are those of the values that tell one receipt from another, not of the gateway's: half a name
// of a gateway is not known, and counted so.
type lengths [naming.FieldCount]shortest

// add takes in a row that can be used.
func (l *lengths) add(row *payment.Row) {
	l[naming.ImpUIDField].add(row.ImpUID)
	l[naming.NumberField].add(row.ApplyNum)
	l[naming.TierField].add(row.Tier)
}

// cutOff returns an error if a record may be what is left of a line: it has no line end, and has fewer
// cells than most others, or its last cell is shorter than those of all others. The Ctrl-Z of DOS ends
// a text. A last line as long as the others is taken for whole: programs may write no line end there.
func (p *CSV) cutOff(row *payment.Row, record []byte) error {
	if p.Sheet || strings.IndexByte("\n\r\x1A", record[len(record)-1]) >= 0 {
		return nil
	}
	of := slices.Index(p.at[:], len(row.Columns)-1)
	if p.short(len(row.Columns)) || of > 0 && p.lengths[of].longerThan(*row.Value(naming.Field(of))) {
		return errCutOff
	}
	return nil
}
