package lines

import (
	"bytes"

	"receiptrevoker/cmd/internal/list/frame"
	"receiptrevoker/cmd/internal/list/impuid"
)

// IsRow reports whether the last line of a record over which a quoted cell continues looks like a row
// by itself: it has as many columns as the list or more, and an imp_uid in its place, with other
// text around it or without imp_. That is within the quotes, unless they end before it and it is
// not the record's imp_uid, or the record is too wide. The line begins at begin in a state. An
// imp_uid in a sentence has a blank beside its comma: where a list has one after each, no quote
// opens a field.
func (p *shape) IsRow(record []byte, begin int, state frame.QuoteState) bool {
	line, comma := record[begin:], []byte{p.comma}
	if bytes.Count(line, comma)+1 < p.Least {
		return false
	}
	from := 0
	for range p.ImpUID {
		from += bytes.Index(line[from:], comma) + 1
	}
	cell, after, more := bytes.Cut(line[from:], comma)
	if len(cell) == 0 || from > 0 && cell[0] == ' ' || more && len(after) > 0 && after[0] == ' ' {
		return false
	}
	return impuid.MayBe(string(bytes.Trim(cell, "\"\r\n"))) &&
		(state.Scan(line[:from], comma[0]) == frame.InQuotes ||
			frame.CountCells(record[:begin+from], comma[0]) != p.ImpUID+1 ||
			frame.CountCells(record, comma[0]) > p.Cells)
}
