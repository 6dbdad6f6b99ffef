package header

import (
	"regexp"
	"slices"

	"receiptrevoker/cmd/internal/list/impuid"
	"receiptrevoker/cmd/internal/list/naming"
	"receiptrevoker/cmd/internal/list/plain"
	"receiptrevoker/tasks"
)

// Width is how far the records of a CSV may reach. One that reaches further has a value with a
// separator in it and no quotes around it: then every cell to the right of it stands in the column of
// another, as where 1,000 makes 000 the imp_uid.
type Width struct {
	// Cells is how many cells a record may have, those without a value at its end included.
	Cells int
	// Filled is how many cells a record may have up to its last value.
	Filled int
	// Least is how many cells most records have, by which a line is short.
	Least int
}

// WidthOf returns the width of the records below a header of which nothing but its names is known.
func WidthOf(header []string) Width { return Width{len(header), Reach(header), Reach(header)} }

// Holds reports whether a record reaches no further than w. Separators without values at its end do not
// count, as spreadsheets write them.
func (w Width) Holds(columns []string) bool {
	return len(columns) <= w.Cells || Reach(columns) <= w.Filled
}

// AtLeast returns the width that holds what either of both holds, and the smaller Least: a line is
// short only if it is to both.
func (w Width) AtLeast(than Width) Width {
	return Width{max(w.Cells, than.Cells), max(w.Filled, than.Filled), min(w.Least, than.Least)}
}

// Reach returns how many cells there are up to the last value: 3 for a,,c,,.
func Reach(columns []string) int {
	n := len(columns)
	for n > 0 && plain.Value(columns[n-1]) == "" {
		n--
	}
	return n
}

// judge looks at the rows below a header whose imp_uids stand in column at. It counts the payments
// there, and finds whether more than half of the rows have values to the right of the header's last
// name while their imp_uid is in its place: then the columns there have no name, unless a value may
// have moved that decides which receipt is revoked.
func (h *Header) judge(below []Header, at int) {
	h.Width = WidthOf(h.Columns)
	// A value that is split, to the right of an imp_uid that is in its place, moves what is behind it: the
	// receipt's number or the sub-merchant. Then wide rows are faults, however many there are.
	movable := max(h.Found.First(naming.NumberField), h.Found.First(naming.TierField)) > at+1
	var reaches []int
	var payments []Header
	for _, row := range below {
		if at >= len(row.Columns) || !impuid.Is(row.Columns[at]) {
			continue
		}
		h.Payments++
		payments = append(payments, row)
		if !movable && !slices.ContainsFunc(row.Columns[at+1:], impuid.Is) {
			reaches = append(reaches, Reach(row.Columns))
		}
	}
	// The value in the middle, of all rows below: more than half of them reach at least so far.
	slices.Sort(reaches)
	if i := len(reaches) - len(below)/2 - 1; i >= 0 {
		h.Width = h.Width.AtLeast(Width{reaches[i], reaches[i], h.Width.Least})
	}
	h.Width.Least = h.most(payments)
	h.findColumns(payments)
	// Most decide, not a single one: where the other numbers are shorter, each of those would be strange.
	nine, given := 0, 0
	for _, row := range payments {
		switch number := plain.Cell(row.Columns, h.Found.First(naming.NumberField)); {
		case nineDigits.MatchString(number):
			nine++
		case number != "":
			given++
		}
	}
	h.Nine = nine > 0 && nine >= given
}

// nineDigits is a receipt's number, also with the .0 that pandas adds to a column with empty cells.
var nineDigits = regexp.MustCompile(`^[0-9]{9}(?:\.0)?$`)

// findColumns finds the columns that hold nothing but gateways, and nothing but numbers, whatever they
// are called. They are not read by that, but a person is told of them.
func (h *Header) findColumns(payments []Header) {
	isGateway := func(cell string) bool { _, known := tasks.ParseGateway(cell); return known }
	for i := range h.Columns {
		if holdsOnly(payments, i, isGateway) {
			h.Gateways = append(h.Gateways, i)
		}
		if holdsOnly(payments, i, plain.HasDigit) {
			h.Numbers = append(h.Numbers, i)
		}
	}
}

// holdsOnly reports whether every value in a column is of a kind, and there is one. Empty cells are
// none.
func holdsOnly(payments []Header, column int, is func(cell string) bool) (any bool) {
	for _, row := range payments {
		if cell := plain.Cell(row.Columns, column); is(cell) {
			any = true
		} else if cell != "" {
			return false
		}
	}
	return any
}

// most returns how many cells most of the payments have that are no wider than the list: the value in
// the middle of all. Without any payment it is the header's.
func (h *Header) most(payments []Header) int {
	var cells []int
	for _, row := range payments {
		if h.Width.Holds(row.Columns) {
			cells = append(cells, len(row.Columns))
		}
	}
	if slices.Sort(cells); len(cells) > 0 {
		return cells[len(cells)/2]
	}
	return h.Width.Least
}

// Unnamed returns how many columns the rows have, 0 if the header has as many. A note tells of columns
// without a name.
func (h *Header) Unnamed() int {
	if h.Width.Filled > len(h.Columns) {
		return h.Width.Filled
	}
	return 0
}
