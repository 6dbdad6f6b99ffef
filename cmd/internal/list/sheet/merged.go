package sheet

import (
	"archive/zip"
	"bufio"
	"bytes"
	"cmp"
	"encoding/xml"
	"slices"
	"strconv"
	"strings"

	"receiptrevoker/cmd/internal/list/decode"
	"receiptrevoker/cmd/internal/list/frame"
)

// The size of a sheet, ECMA-376 as Excel holds it.
const (
	maxSheetRows    = 1 << 20 // Excel's limit
	maxSheetColumns = 1 << 14 // Excel's limit
)

// mergedCells are the ranges of cells of a sheet that are merged over several rows, which are asked
// about row by row. The cell in the first row and column of a range has the value. Excel shows it
// beside all its rows, but the file does not say that they have it, so those below the first are
// reported.
type mergedCells struct {
	ahead []frame.Gap // below the row, by their first row
	open  []frame.Gap // that began above the row and reach it
}

// readMerged returns the ranges of a sheet that are merged over several rows. They stand behind its
// rows (mergeCells, ECMA-376 part 1, 18.3.1.55), so that it is unpacked twice. What is wrong with it is
// found when its rows are read. No more ranges are kept than a sheet has rows.
func readMerged(part *zip.File) mergedCells {
	in, err := part.Open()
	if err != nil {
		return mergedCells{}
	}
	defer in.Close()
	found := bufio.NewReaderSize(asUTF8(in), decode.HeadSize)
	var ranges []frame.Gap
	for advance(found, []byte("mergeCell")) && len(ranges) < maxSheetRows {
		tag, _ := found.ReadSlice('>')
		if r := rangeOf(tag); r.Bottom > r.Top {
			ranges = append(ranges, r)
		}
	}
	slices.SortFunc(ranges, func(a, b frame.Gap) int { return cmp.Compare(a.Top, b.Top) })
	return mergedCells{ahead: ranges}
}

// advance moves to where a text begins, and reports false if it does not follow. The text must be
// shorter than the buffer: as many bytes of what was searched stay as it may begin with.
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

// rangeOf returns the range that the rest of a mergeCell names, as A2:B4. What cannot be read has no
// rows, and is passed over.
func rangeOf(tag []byte) frame.Gap {
	token, err := xml.NewDecoder(strings.NewReader("<" + string(tag))).RawToken()
	element, ok := token.(xml.StartElement)
	if err != nil || !ok {
		return frame.Gap{}
	}
	from, to, _ := strings.Cut(strings.ReplaceAll(attribute(element, "ref"), "$", ""), ":")
	return frame.Gap{Left: int32(columnOf(from)), Right: int32(columnOf(to)), Top: rowOf(from), Bottom: rowOf(to)}
}

// rowOf returns the row, from 1, that a reference such as AB12 names, 0 if it names none.
func rowOf(reference string) int32 {
	row, _ := strconv.ParseInt(strings.TrimLeft(strings.ToUpper(reference), "ABCDEFGHIJKLMNOPQRSTUVWXYZ"), 10, 32)
	return int32(row)
}

// gaps returns those of a row: cells of ranges that began above. Rows are asked about in their order,
// and each range is dropped when it has ended. Ranges do not overlap, so that no more are open than
// there are columns; a damaged file may say otherwise.
func (m *mergedCells) gaps(row int32) []frame.Gap {
	m.open = slices.DeleteFunc(m.open, func(r frame.Gap) bool { return r.Bottom < row })
	for ; len(m.ahead) > 0 && m.ahead[0].Top < row; m.ahead = m.ahead[1:] {
		if m.ahead[0].Bottom >= row && len(m.open) < maxSheetColumns {
			m.open = append(m.open, m.ahead[0])
		}
	}
	return m.open
}

// columnOf returns the column, from 1, that a reference such as AB12 names, 0 if it names none: AB is
// 1·26 + 2 = 28.
func columnOf(reference string) int {
	column := 0
	for _, letter := range []byte(reference) {
		if letter |= 0x20; letter < 'a' || letter > 'z' || column > maxSheetColumns {
			break
		}
		column = column*26 + int(letter-'a') + 1
	}
	return column
}
