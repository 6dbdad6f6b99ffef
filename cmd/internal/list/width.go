package list

import (
	"fmt"
	"slices"

	"receiptrevoker/tasks"
)

// width is how far the records of a CSV may reach. One that reaches further has a value
// with a separator in it and no quotes around it: then every cell to the right of it
// stands in the column of another.
type width struct {
	cells  int // how many a record may have, those without a value at its end included
	filled int // how many up to its last value
	least  int // how many most have, see [shape.short] and [shape.isRow]
}

// widthOf returns the width of the records below a header.
func widthOf(header []string) width { return width{len(header), reach(header), reach(header)} }

// holds reports whether a record reaches no further than w.
func (w width) holds(columns []string) bool {
	return len(columns) <= w.cells || reach(columns) <= w.filled
}

// atLeast returns the width that holds what either of both holds.
func (w width) atLeast(than width) width {
	return width{max(w.cells, than.cells), max(w.filled, than.filled), min(w.least, than.least)}
}

// reach returns how many cells there are up to the last value.
func reach(columns []string) int {
	n := len(columns)
	for n > 0 && clean(columns[n-1]) == "" {
		n--
	}
	return n
}

// judge looks at the rows below a header whose imp_uids stand in column at. It counts the
// payments there, and finds whether more than half of the rows have values to the right of
// the header's last name while their imp_uid is in its place: then the columns there have no
// name, unless a value may have moved that decides which receipt is revoked.
func (h *header) judge(below []header, at int) {
	h.width = widthOf(h.columns)
	movable := h.movable(at)
	var reaches []int
	var payments []header
	for _, row := range below {
		if at >= len(row.columns) || !looksLikePayment(row.columns[at]) {
			continue
		}
		h.payments++
		payments = append(payments, row)
		if !movable && !slices.ContainsFunc(row.columns[at+1:], looksLikePayment) {
			reaches = append(reaches, reach(row.columns))
		}
	}
	slices.Sort(reaches)
	if i := len(reaches) - len(below)/2 - 1; i >= 0 {
		h.width = h.width.atLeast(width{reaches[i], reaches[i], h.width.least})
	}
	h.width.least = h.most(payments)
}

// most returns how many cells most of the payments have that are no wider than the list.
func (h *header) most(payments []header) int {
	var cells []int
	for _, row := range payments {
		if h.width.holds(row.columns) {
			cells = append(cells, len(row.columns))
		}
	}
	if slices.Sort(cells); len(cells) > 0 {
		return cells[len(cells)/2]
	}
	return h.width.least
}

// movable reports whether a value that is split, to the right of an imp_uid that is in its place,
// moves the receipt's number or the sub-merchant.
func (h *header) movable(at int) bool {
	number, _, _ := find(h.names, numberNames, loose)
	tier, _, _ := find(h.names, tierNames, loose)
	return max(number, tier) > at+1
}

// unnamed returns how many columns the rows have, 0 if the header has as many.
func (h *header) unnamed() int {
	if h.width.filled > len(h.columns) {
		return h.width.filled
	}
	return 0
}

// tooWide returns the error for a record that reaches further than the list's.
func (p *shape) tooWide(columns []string) error {
	isName := func(cell string) bool { return squeeze(cell) == squeeze(p.name) }
	if slices.ContainsFunc(columns, glued) || slices.ContainsFunc(columns, isName) {
		return fmt.Errorf("the line has %d columns, not %d: a line end is missing in it", reach(columns), p.filled)
	}
	return fmt.Errorf("the line has %d columns, not %d: a value that contains a %s must be in quotes",
		reach(columns), p.filled, separatorNames[p.comma])
}

// misplaced returns an error if the imp_uid of a row is none of PortOne's, and another column
// holds one of those, or the row is shorter than the list's: then a separator is missing in it.
// It returns nil where a word says that there is none, and where the column may be the wrong
// one, which is to be asked about: see [Suspects].
func (p *shape) misplaced(row Row) error {
	if ofPortOne(row.ImpUID) || !p.sure && len(row.Columns) == p.cells || tasks.StandsForNoValue(row.ImpUID) && !hasDigit(row.ImpUID) {
		return nil
	}
	for i := range row.Columns {
		if cell := row.column(i); i != p.impUID && (looksLikePayment(cell) || holdsImpUID(cell)) {
			return invalidf("%q stands in the imp_uid's column, and %q in column %d", row.ImpUID, cut(tidy(cell)), i+1)
		}
	}
	if p.sure && !p.sheet && len(row.Columns) < p.least && !holdsImpUID(row.ImpUID) {
		return invalidf("%q stands in the imp_uid's column, and the line has %d columns, not %d: a %s may be missing in it", row.ImpUID, len(row.Columns), p.least, separatorNames[p.comma])
	}
	return nil
}
