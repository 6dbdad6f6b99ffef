package list

import (
	"fmt"

	"receiptrevoker/tasks"
)

// tooShort returns an error if a value of a short record may stand in another's column, or is lost: without its
// number or sub-merchant another receipt is revoked, or with another account. What a cell holds does not tell
// whose it is, but for the name of a gateway.
func (p *shape) tooShort(row Row, record []byte) error {
	cells, comma := len(row.Columns), separatorNames[p.comma]
	if odd(row.ImpUID) {
		return invalidf("%q has not 10 to 13 digits after imp_, and the line has %d columns, not %d: a %s may be "+
			"missing in it, or it is cut", cut(row.ImpUID), cells, p.least, comma)
	}
	if p.moves.receipt || p.moves.gateway && !p.namesGateway(row) || twoImpUIDs(record) {
		return fmt.Errorf("the line has %d columns, not %d: a %s may be missing in it", cells, p.least, comma)
	}
	return nil
}

// namesGateway reports whether the gateway's column holds the name of one.
func (p *shape) namesGateway(row Row) bool {
	_, known := tasks.ParseGateway(row.column(p.gateway))
	return known
}

// validateNumber returns an error that matches [tasks.ErrInvalid] if a receipt's number is the value of
// another column: the name of a gateway, or an imp_uid.
func validateNumber(number string) error {
	if number == "" || number[0] <= '9' { // no gateway's name begins with a digit
		return nil
	}
	if beginsImpUID(number) {
		return invalidf("%q is an imp_uid, not an apply_num", cut(number))
	}
	if _, known := tasks.ParseGateway(number); known {
		return invalidf("%q is a gateway, not an apply_num", cut(number))
	}
	return nil
}
