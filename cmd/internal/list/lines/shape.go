package lines

import (
	"slices"

	"receiptrevoker/cmd/internal/list/header"
	"receiptrevoker/cmd/internal/list/naming"
)

// shape is how the lines of a CSV are built, as its header and the lines below say.
type shape struct {
	comma byte
	Sheet bool   // the records are rows of a sheet, of which no cell moves
	named string // what the options say about the imp_uid's column
	name  string // what the header says
	naming.Columns
	others [naming.FieldCount][]int // all columns of a field that several name, the preferred first
	many   bool                     // there are such
	header.Width
	Moves moves
	sure  bool // there are imp_uids in the imp_uid's column, as PortOne makes them
}

// findOthers finds the fields that several columns of a header name. What is only like a
// name, such as 이전 imp_uid, is another's.
func (p *shape) findOthers(header []string) {
	p.others, p.many = [naming.FieldCount][]int{}, false
	for of, names := range naming.NewFields(p.named).Names {
		for _, name := range names {
			for i, column := range header {
				if naming.Spelled.Matches(column, name) && !slices.Contains(p.others[of], i) {
					p.others[of] = append(p.others[of], i)
				}
			}
		}
		p.many = p.many || len(p.others[of]) > 1
	}
	p.findMoves()
}

// moves says what stands to the right of the imp_uid, and so moves into another column where a separator is
// missing behind it.
type moves struct {
	Receipt bool // the receipt's number or the sub-merchant
	gateway bool
}

// findMoves finds out what may move.
func (p *shape) findMoves() {
	last := func(of naming.Field, column int) int { return slices.Max(append(p.others[of], column)) }
	p.Moves = moves{
		Receipt: max(last(naming.NumberField, p.Number), last(naming.TierField, p.Tier)) > p.ImpUID,
		gateway: last(naming.GatewayField, p.Gateway) > p.ImpUID+1, // else it is glued to the imp_uid, which is odd then
	}
}

// short reports whether a record has fewer cells than most others have. One as short as most is not: Excel
// leaves out the last separators where the cells of many rows in a row are empty, and no separator is missing
// in most lines. No cell of a sheet moves.
func (p *shape) short(cells int) bool { return cells < p.Least && !p.Sheet }

// Reads returns the columns that are read.
func (p *shape) Reads() []int {
	columns := []int{p.ImpUID, p.Gateway, p.Number, p.Tier}
	return slices.DeleteFunc(slices.Concat(append(p.others[:], columns)...), func(column int) bool { return column < 0 })
}
