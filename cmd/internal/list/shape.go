package list

import "slices"

// shape is how the lines of a CSV are built, as its header and the lines below say.
type shape struct {
	comma byte
	sheet bool   // the records are rows of a sheet, of which no cell moves
	named string // what the options say about the imp_uid's column
	name  string // what the header says
	columns
	others [fieldCount][]int // all columns of a field that several name, the preferred first
	many   bool              // there are such
	width
	moves moves
	sure  bool // there are imp_uids in the imp_uid's column, as PortOne makes them
}

// findOthers finds the fields that several columns of a header name. What is only like a
// name, such as 이전 imp_uid, is another's.
func (p *shape) findOthers(header []string) {
	p.others, p.many = [fieldCount][]int{}, false
	for of, names := range map[field][]string{
		impUIDField: namesOr(p.named), gatewayField: gatewayNames, numberField: numberNames, tierField: tierNames,
	} {
		for _, name := range names {
			for i, column := range header {
				if spelled.matches(column, name) && !slices.Contains(p.others[of], i) {
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
	receipt bool // the receipt's number or the sub-merchant
	gateway bool
}

// findMoves finds out what may move.
func (p *shape) findMoves() {
	last := func(of field, column int) int { return slices.Max(append(p.others[of], column)) }
	p.moves = moves{
		receipt: max(last(numberField, p.number), last(tierField, p.tier)) > p.impUID,
		gateway: last(gatewayField, p.gateway) > p.impUID+1, // else it is glued to the imp_uid, which is odd then
	}
}

// short reports whether a record has fewer cells than most others have. One as short as most is not: Excel
// leaves out the last separators where the cells of many rows in a row are empty, and no separator is missing
// in most lines. No cell of a sheet moves.
func (p *shape) short(cells int) bool { return cells < p.least && !p.sheet }

// reads returns the columns that are read.
func (p *shape) reads() []int {
	columns := []int{p.impUID, p.gateway, p.number, p.tier}
	return slices.DeleteFunc(slices.Concat(append(p.others[:], columns)...), func(column int) bool { return column < 0 })
}
