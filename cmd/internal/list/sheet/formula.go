package sheet

import (
	"slices"

	"receiptrevoker/cmd/internal/list/fault"
)

// unsolved are the cells with a formula that has no value: programs other than Excel write a workbook without working
// out its formulas, and Excel does so when it opens one.
type unsolved struct {
	formula bool          // the cell in work has one
	ahead   []unsolvedRow // of those that were read into the buffer, and are not rows of the list yet
}

type unsolvedRow struct {
	row     int
	columns []int // from 0
}

// add takes a cell. Columns are from 1.
func (u *unsolved) add(row, column int) {
	if !u.has(row) {
		u.ahead = append(u.ahead, unsolvedRow{row: row})
	}
	last := &u.ahead[len(u.ahead)-1]
	last.columns = append(last.columns, column-1)
}

// has reports whether the row in work has such a cell.
func (u *unsolved) has(row int) bool { return len(u.ahead) > 0 && u.ahead[len(u.ahead)-1].row == row }

// among returns an error if one of some columns of a row is such a cell. It is asked of rows in their order.
func (u *unsolved) among(row int, reads []int) error {
	for len(u.ahead) > 0 && u.ahead[0].row < row {
		u.ahead = u.ahead[1:]
	}
	if len(u.ahead) == 0 || u.ahead[0].row != row {
		return nil
	}
	for _, column := range u.ahead[0].columns {
		if slices.Contains(reads, column) {
			return fault.Invalid("column %d has a formula without a value: open the file in Excel and save it", column+1)
		}
	}
	return nil
}
