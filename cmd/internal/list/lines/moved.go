package lines

import (
	"regexp"

	"receiptrevoker/cmd/internal/list/fault"
	"receiptrevoker/cmd/internal/list/payment"
	"receiptrevoker/cmd/internal/list/plain"
	"receiptrevoker/tasks"
)

// amount is a number, or what an amount is written with. No gateway is named so.
var amount = regexp.MustCompile(`^[-+(₩\\]*\s*[\d.,]*\d[\d.,]*\s*(?:원|won|krw)?\s*\)?$`)

// isLetter reports whether b is one of a to z: most cells of gateways begin so, and need no search.
func isLetter(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' }

// GatewayMoved returns an error if a row has another column's value in the gateway's, as where an amount such as
// 11,000 has no quotes: an amount stands there, or a column without a name has the gateway. No cell of a sheet moves.
func (p *CSV) GatewayMoved(row payment.Row) error {
	cell := row.Column(p.Gateway)
	if p.Sheet || p.header == nil || p.Gateway < 0 {
		return nil
	}
	if cell != "" && !isLetter(cell[0]) && amount.MatchString(cell) {
		return fault.Invalid("%q stands in the gateway's column, and is an amount or a number: a value to the left of it "+
			"may have a %s and no quotes", fault.Cut(cell), plain.SeparatorNames[p.comma])
	}
	for i := max(len(p.header.Names), p.Gateway+1); i < len(row.Columns); i++ {
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
