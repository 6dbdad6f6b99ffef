package lines

import (
	"fmt"
	"slices"

	"receiptrevoker/cmd/internal/list/fault"
	"receiptrevoker/cmd/internal/list/header"
	"receiptrevoker/cmd/internal/list/impuid"
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
		if cell := row.Column(i); i != p.ImpUID && (impuid.Is(cell) || impuid.In(cell)) {
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
