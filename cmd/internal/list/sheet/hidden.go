package sheet

import (
	"encoding/xml"
	"strconv"
)

// hiddenRows are the rows of a sheet that a program does not show, because of a filter, an
// outline or their height. A person may not know that they are in the list. Where a sheet hides rows unless
// they say otherwise (zeroHeight), Excel shows those that are written in it.
type hiddenRows struct {
	now   bool  // the row in work is one
	ahead []int // the numbers of those that were read into the buffer, and are not rows of the list yet
}

// begin takes up the row that an element begins.
func (h *hiddenRows) begin(row xml.StartElement) {
	switch attribute(row, "hidden") {
	case "1", "true":
		h.now = true
	default:
		height, err := strconv.ParseFloat(attribute(row, "ht"), 64)
		h.now = err == nil && height == 0
	}
}

// end takes the number of the row in work.
func (h *hiddenRows) end(row int) {
	if h.now {
		h.ahead = append(h.ahead, row)
	}
}

// has reports whether a row is hidden. It is asked of rows in their order.
func (h *hiddenRows) has(row int) bool {
	for len(h.ahead) > 0 && h.ahead[0] < row {
		h.ahead = h.ahead[1:]
	}
	return len(h.ahead) > 0 && h.ahead[0] == row
}
