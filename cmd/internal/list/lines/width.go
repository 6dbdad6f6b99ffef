package lines

import (
	"fmt"
	"regexp"
	"slices"

	"receiptrevoker/cmd/internal/list/fault"
	"receiptrevoker/cmd/internal/list/header"
	"receiptrevoker/cmd/internal/list/impuid"
	"receiptrevoker/cmd/internal/list/naming"
	"receiptrevoker/cmd/internal/list/payment"
	"receiptrevoker/cmd/internal/list/plain"
	"receiptrevoker/tasks"
)

// tooWide returns the error for a record that reaches further than the list's.
func (p *shape) tooWide(columns []string) error {
	isName := func(cell string) bool { return plain.Squeeze(cell) == plain.Squeeze(p.name) }
	if slices.ContainsFunc(columns, impuid.Glued) || slices.ContainsFunc(columns, isName) {
		return fmt.Errorf("the line has %d columns, not %d: a line end is missing in it", header.Reach(columns), p.Filled)
	}
	return fmt.Errorf("the line has %d columns, not %d: a value that contains a %s must be in quotes",
		header.Reach(columns), p.Filled, plain.SeparatorNames[p.comma])
}

// misplaced returns an error if the imp_uid of a row is none of PortOne's, and another column
// holds one of those, or the row is shorter than the list's: then a separator is missing in it.
// It returns nil where a word says that there is none, and where the column may be the wrong
// one, which is to be asked about: see [Suspects].
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
	if p.sure && bareCount.MatchString(row.ImpUID) && !tasks.StandsForNoValue(row.ImpUID) {
		return fault.Invalid("%q stands in the imp_uid's column, where others begin with imp_: it may be how many there are",
			row.ImpUID)
	}
	return nil
}

// tooShort returns an error if a value of a short record may stand in another's column, or is lost: without its
// number or sub-merchant another receipt is revoked, or with another account. What a cell holds does not tell
// whose it is, but for the name of a gateway.
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

// amount is a number, or what an amount is written with. No gateway is named so.
var amount = regexp.MustCompile(`^[-+(₩\\]*\s*[\d.,]*\d[\d.,]*\s*(?:원|won|krw)?\s*\)?$`)

// isLetter reports whether b is one of a to z: most cells of gateways begin so, and need no search.
func isLetter(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' }

// gatewayMoved returns an error if a row has another column's value in the gateway's, as where an amount such as
// 11,000 has no quotes: an amount stands there, or a column without a name has the gateway. No cell of a sheet moves.
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
