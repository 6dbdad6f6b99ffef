package lines

import (
	"fmt"

	"receiptrevoker/cmd/internal/list/fault"
	"receiptrevoker/cmd/internal/list/impuid"
	"receiptrevoker/cmd/internal/list/payment"
	"receiptrevoker/cmd/internal/list/plain"
	"receiptrevoker/tasks"
)

// tooShort returns an error if a value of a short record may stand in another's column, or is lost: without its
// number or sub-merchant another receipt is revoked, or with another account. What a cell holds does not tell
// whose it is, but for the name of a gateway.
func (p *shape) tooShort(row payment.Row, record []byte) error {
	cells, comma := len(row.Columns), plain.SeparatorNames[p.comma]
	if impuid.Odd(row.ImpUID) {
		return fault.Invalid("%q has not 10 to 13 digits after imp_, and the line has %d columns, not %d: a %s may be "+
			"missing in it, or it is cut", fault.Cut(row.ImpUID), cells, p.Least, comma)
	}
	if p.Moves.Receipt || p.Moves.gateway && !p.namesGateway(row) || impuid.MayBeTwo(record) {
		return fmt.Errorf("the line has %d columns, not %d: a %s may be missing in it", cells, p.Least, comma)
	}
	return nil
}

// namesGateway reports whether the gateway's column holds the name of one.
func (p *shape) namesGateway(row payment.Row) bool {
	_, known := tasks.ParseGateway(row.Column(p.Gateway))
	return known
}

// ValidateNumber returns an error that matches [tasks.ErrInvalid] if a receipt's number is the value of
// another column: the name of a gateway, or an imp_uid.
func ValidateNumber(number string) error {
	if number == "" || number[0] <= '9' { // no gateway's name begins with a digit
		return nil
	}
	if impuid.Begins(number) {
		return fault.Invalid("%q is an imp_uid, not an apply_num", fault.Cut(number))
	}
	if _, known := tasks.ParseGateway(number); known {
		return fault.Invalid("%q is a gateway, not an apply_num", fault.Cut(number))
	}
	return nil
}
