package sheet

import (
	"archive/zip"
	"bufio"
	"bytes"
	"cmp"
	"encoding/xml"
	"slices"
	"strings"

	"receiptrevoker/cmd/internal/list/decode"
	"receiptrevoker/cmd/internal/list/fault"
)

// mergedRange is a range of cells, counted from 1, that are merged over several rows. The cell
// in its first row and column has the value; Excel shows it beside all its rows.
type mergedRange struct{ left, right, top, bottom int32 }

// mergedCells are the ranges of a sheet, which are asked about row by row.
type mergedCells struct {
	ahead []mergedRange // below the row, by their first row
	open  []mergedRange // that began above the row and reach it
}

// readMerged returns the ranges of a sheet that are merged over several rows. They stand behind
// its rows (mergeCells, ECMA-376 part 1, 18.3.1.55), so that it is unpacked twice. What is wrong
// with it is found when its rows are read.
func readMerged(part *zip.File) mergedCells {
	in, err := part.Open()
	if err != nil {
		return mergedCells{}
	}
	defer in.Close()
	found := bufio.NewReaderSize(asUTF8(in), decode.HeadSize)
	var ranges []mergedRange
	for advance(found, []byte("mergeCell")) && len(ranges) < maxSheetRows {
		tag, _ := found.ReadSlice('>')
		if r := rangeOf(tag); r.bottom > r.top {
			ranges = append(ranges, r)
		}
	}
	slices.SortFunc(ranges, func(a, b mergedRange) int { return cmp.Compare(a.top, b.top) })
	return mergedCells{ahead: ranges}
}

// advance moves to where a text begins, and reports false if it does not follow.
func advance(in *bufio.Reader, text []byte) bool {
	for {
		_, err := in.Peek(len(text))
		ahead, _ := in.Peek(in.Buffered())
		if i := bytes.Index(ahead, text); i >= 0 {
			_, _ = in.Discard(i) // cannot fail: the bytes are in the buffer
			return true
		}
		if err != nil {
			return false
		}
		_, _ = in.Discard(len(ahead) - len(text) + 1)
	}
}

// rangeOf returns the range that the rest of a mergeCell names, as A2:B4.
func rangeOf(tag []byte) mergedRange {
	token, err := xml.NewDecoder(strings.NewReader("<" + string(tag))).RawToken()
	element, ok := token.(xml.StartElement)
	if err != nil || !ok {
		return mergedRange{}
	}
	from, to, _ := strings.Cut(strings.ReplaceAll(attribute(element, "ref"), "$", ""), ":")
	return mergedRange{int32(columnOf(from)), int32(columnOf(to)), rowOf(from), rowOf(to)}
}

// at takes up a row. Rows are taken up in their order. Ranges do not overlap, so that no more
// are open than there are columns.
func (m *mergedCells) at(row int) {
	m.open = slices.DeleteFunc(m.open, func(r mergedRange) bool { return int(r.bottom) < row })
	for len(m.ahead) > 0 && int(m.ahead[0].top) < row {
		if int(m.ahead[0].bottom) >= row && len(m.open) < maxSheetColumns {
			m.open = append(m.open, m.ahead[0])
		}
		m.ahead = m.ahead[1:]
	}
}

// above returns an error if a cell that is read of a row belongs to a range that began
// above: then its value stands in the first row of the range alone.
func (m *mergedCells) above(row int, reads []int) error {
	m.at(row)
	for _, merged := range m.open {
		within := func(column int) bool { return int(merged.left) <= column+1 && column+1 <= int(merged.right) }
		if i := slices.IndexFunc(reads, within); i >= 0 {
			return fault.Invalid("column %d is merged over rows %d to %d, and row %d alone has the value: "+
				"unmerge the cells and fill each", reads[i]+1, merged.top, merged.bottom, merged.top)
		}
	}
	return nil
}
