package lines

import (
	"bytes"
	"slices"

	"receiptrevoker/cmd/internal/list/frame"
	"receiptrevoker/cmd/internal/list/header"
	"receiptrevoker/cmd/internal/list/impuid"
	"receiptrevoker/cmd/internal/list/naming"
)

// shape is how the lines of a CSV are built, as its header and the lines below say. A second header
// changes it.
type shape struct {
	comma byte
	// Sheet says that the records are rows of a sheet, of which no cell moves: each has its reference. A
	// row that is shorter or wider than others only has fewer values or more.
	Sheet bool
	// named is what the options say about the imp_uid's column, "" if nothing.
	named string
	// name is what the header calls that column.
	name string
	naming.Columns
	// at is the preferred column of each field, -1 if there is none.
	at [naming.FieldCount]int
	// many says that several columns name a field, so that their values have to agree.
	many bool
	header.Width
	// sure says that there are imp_uids in the imp_uid's column, as PortOne makes them. If there are none
	// the column may be the wrong one, which a person is asked about, instead of refusing each line.
	sure bool

	// What stands to the right of the imp_uid, and so moves into another column where a separator is missing
	// behind it: the receipt's number or the sub-merchant, and the gateway, unless it is glued to the imp_uid then,
	// which is odd.
	MovesReceipt, movesGateway bool
}

// use takes the columns of a header, the first one or one that comes later.
func (p *shape) use(columns naming.Columns) {
	p.Columns, p.many = columns, false
	for of := range columns {
		p.at[of] = columns.First(naming.Field(of))
		p.many = p.many || len(columns[of]) > 1
	}
	impUID := p.at[naming.ImpUIDField]
	p.MovesReceipt = max(columns.Last(naming.NumberField), columns.Last(naming.TierField)) > impUID
	p.movesGateway = columns.Last(naming.GatewayField) > impUID+1
}

// short reports whether a record has fewer cells than most others have. One as short as most is not: Excel
// leaves out the last separators where the cells of many rows in a row are empty, and no separator is missing
// in most lines. No cell of a sheet moves.
func (p *shape) short(cells int) bool { return cells < p.Least && !p.Sheet }

// Reads returns the columns that are read, from 0, of all fields.
func (p *shape) Reads() []int { return slices.Concat(p.Columns[:]...) }

// IsRow reports whether the last line of a record over which a quoted cell continues looks like a row
// by itself: it has as many columns as the list or more, and an imp_uid in its place, with other text
// around it or without imp_. That is within the quotes, unless they end before it and it is not the
// record's imp_uid, or the record is too wide. The line begins at begin in a state. An imp_uid in a
// sentence has a blank beside its comma: where a list has one after each, no quote opens a field.
//
// In imp_1,"급함 / imp_2,일반 / imp_3,27" the second line is a row. In imp_1,"두 건 / imp_8, 그리고 imp_9" it is
// not, since a blank follows its comma; nor in imp_1,"원거래 / imp_8 / 재발급",kcp, since it has one column.
func (p *shape) IsRow(record []byte, begin int, state frame.QuoteState) bool {
	line, comma, at := record[begin:], []byte{p.comma}, p.at[naming.ImpUIDField]
	if bytes.Count(line, comma)+1 < p.Least {
		return false
	}
	// The cell is found by counting separators, as if the line had no quotes: it is about to be told
	// whether those mean anything.
	from := 0
	for range at {
		from += bytes.Index(line[from:], comma) + 1
	}
	cell, after, more := bytes.Cut(line[from:], comma)
	if len(cell) == 0 || from > 0 && cell[0] == ' ' || more && len(after) > 0 && after[0] == ' ' {
		return false
	}
	return impuid.MayBe(string(bytes.Trim(cell, "\"\r\n"))) &&
		(state.Scan(line[:from], comma[0]) == frame.InQuotes ||
			frame.CountCells(record[:begin+from], comma[0]) != at+1 ||
			frame.CountCells(record, comma[0]) > p.Cells)
}
