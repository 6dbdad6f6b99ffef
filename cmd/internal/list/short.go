package list

import (
	"fmt"
	"slices"

	"receiptrevoker/tasks"
)

// receiptField is a field that says which receipt of a payment is meant, or with whose account it is
// revoked, and the columns that name it.
type receiptField struct {
	name    string
	columns []int
}

// findReceipt finds those fields among the columns.
func (p *csvParser) findReceipt() {
	p.receipt = p.receipt[:0]
	for _, field := range []receiptField{
		{"apply_num", slices.Concat(p.others[numberField], []int{p.number})},
		{"tier", slices.Concat(p.others[tierField], []int{p.tier})},
	} {
		if slices.Max(field.columns) >= 0 {
			p.receipt = append(p.receipt, field)
		}
	}
}

// short reports whether a record that may name a receipt has fewer cells than most others have. One as
// short as most is not: Excel leaves out the last separators where the cells of many rows in a row are
// empty, and no separator is missing in most lines. No cell of a sheet moves.
func (p *csvParser) short(cells int) bool {
	return len(p.receipt) > 0 && cells < p.least && !p.sheet
}

// tooShort returns an error if a separator may be missing in a short record, and with it the receipt's
// number or the sub-merchant: without these another receipt is revoked, or with another account. It
// returns nil for a record that names both as they look, and ends before columns that do not matter.
func (p *csvParser) tooShort(row Row) error {
	cells := len(row.Columns)
	comma := separatorNames[byte(p.csv.Comma)]
	for _, field := range p.receipt {
		if last := slices.Max(field.columns); cells <= last {
			return fmt.Errorf("the line has %d columns, and %s is column %d: a %s may be missing in it",
				cells, field.name, last+1, comma)
		}
	}
	for _, field := range p.receipt {
		if slices.Max(field.columns) <= p.impUID+1 { // no separator between them can be missing
			continue
		}
		what := ""
		switch value := row.receiptValue(field.name); {
		case value == "":
			what = "no " + field.name
		case field.name == "apply_num" && !hasDigit(value):
			what = fmt.Sprintf("%q for its apply_num", cut(value))
		default:
			continue
		}
		return fmt.Errorf("the line has %d columns, not %d, and %s: a %s may be missing in it", cells, p.least, what, comma)
	}
	return nil
}

// cutOrGlued returns the error for a record that is shorter than most others, and whose imp_uid is odd:
// the next cell is glued to it, or the record is cut in it.
func (p *csvParser) cutOrGlued(row Row) error {
	return invalid{fmt.Errorf("%w: %q has not 10 to 13 digits after imp_, and the line has %d columns, not %d: a %s may be missing in it, "+
		"or it is cut", tasks.ErrInvalid, cut(row.ImpUID), len(row.Columns), p.least, separatorNames[byte(p.csv.Comma)])}
}

// receiptValue returns the value of a receiptField as the record names it.
func (r *Row) receiptValue(name string) string {
	if name == "tier" {
		return r.Tier
	}
	return r.ApplyNum
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
