package list

import (
	"fmt"
	"slices"

	"receiptrevoker/tasks"
)

// moves says what stands to the right of the imp_uid, and so moves into another column where a separator is
// missing behind it.
type moves struct {
	receipt bool // the receipt's number or the sub-merchant
	gateway bool
}

// findMoves finds out what may move.
func (p *csvParser) findMoves() {
	last := func(of field, column int) int { return slices.Max(append(p.others[of], column)) }
	p.moves = moves{
		receipt: max(last(numberField, p.number), last(tierField, p.tier)) > p.impUID,
		gateway: last(gatewayField, p.gateway) > p.impUID+1, // else it is glued to the imp_uid, which is odd then
	}
}

// short reports whether a record has fewer cells than most others have. One as short as most is not: Excel
// leaves out the last separators where the cells of many rows in a row are empty, and no separator is missing
// in most lines. No cell of a sheet moves.
func (p *csvParser) short(cells int) bool { return cells < p.least && !p.sheet }

// tooShort returns an error if a value of a short record may stand in another's column, or is lost: without its
// number or sub-merchant another receipt is revoked, or with another account. What a cell holds does not tell
// whose it is, but for the name of a gateway.
func (p *csvParser) tooShort(row Row, record []byte) error {
	cells, comma := len(row.Columns), separatorNames[byte(p.csv.Comma)]
	if odd(row.ImpUID) {
		return invalid{fmt.Errorf("%w: %q has not 10 to 13 digits after imp_, and the line has %d columns, not %d: a %s may be "+
			"missing in it, or it is cut", tasks.ErrInvalid, cut(row.ImpUID), cells, p.least, comma)}
	}
	if p.moves.receipt || p.moves.gateway && !p.namesGateway(row) || twoImpUIDs(record) {
		return fmt.Errorf("the line has %d columns, not %d: a %s may be missing in it", cells, p.least, comma)
	}
	return nil
}

// namesGateway reports whether the gateway's column holds the name of one.
func (p *csvParser) namesGateway(row Row) bool {
	_, known := tasks.ParseGateway(row.column(p.gateway))
	return known
}

// validateNumber returns an error that matches [tasks.ErrInvalid] if a receipt's number is the value of
// another column: the name of a gateway, or an imp_uid.
func validateNumber(number string) error {
	if number == "" || number[0] <= '9' { // no gateway's name begins with a digit
		return nil
	}
	if at := anyImpUID.FindStringIndex(number); at != nil && at[0] == 0 {
		return invalid{fmt.Errorf("%w: %q is an imp_uid, not an apply_num", tasks.ErrInvalid, cut(number))}
	}
	if _, known := tasks.ParseGateway(number); known {
		return invalid{fmt.Errorf("%w: %q is a gateway, not an apply_num", tasks.ErrInvalid, cut(number))}
	}
	return nil
}
