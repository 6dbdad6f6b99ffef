package frame

import (
	"bytes"
	"encoding/csv"
	"slices"

	"receiptrevoker/cmd/internal/list/fault"
)

// Record is what a list is made of, however it is written: a line of a text, a row of a sheet, or an
// element of JSON. So one parser reads lines and rows alike. It is valid until the next one is read,
// but its cells are strings of their own, and stay.
type Record struct {
	// Line is the line on which the record begins, from 1; of a sheet the row's number.
	Line int
	// Text is the record in UTF-8; of a row its cells with commas between them, for the searches that do
	// not care for columns.
	Text []byte
	// Cells is nil in JSON, and where the record is too long.
	Cells []string
	// Hidden says that the record is a row that Excel does not show, as where a filter is set.
	Hidden bool
	// Gaps are cells of a row that have no value, and for a person do: read as empty, they would make a
	// request without a number, or for the workers' own sub-merchant.
	Gaps []Gap
}

// TooLong returns ErrTooLong if a row of a sheet is. Its text is longer than the bound by at most one
// cell: the cells behind that were left out.
func (r *Record) TooLong() error {
	if len(r.Text) > MaxRecord {
		return ErrTooLong
	}
	return nil
}

// Gap are cells of a row, from 1, whose value stands elsewhere: in the first row of those that they are
// merged over, or nowhere if it is still to be worked out. A sheet of a million rows may have as many,
// so they are small.
type Gap struct {
	Left, Right int32
	Top, Bottom int32 // rows that are merged; 0 if the cell has a formula without a value
}

// Gap returns an error if one of the columns that are read, from 0, has its value elsewhere. Columns
// that are not read, such as a memo, may have gaps.
func (r *Record) Gap(reads []int) error {
	for _, gap := range r.Gaps {
		i := slices.IndexFunc(reads, func(column int) bool { return int(gap.Left) <= column+1 && column+1 <= int(gap.Right) })
		switch {
		case i < 0:
		case gap.Top == 0:
			return fault.Invalid("column %d has a formula without a value: open the file in Excel and save it", reads[i]+1)
		default:
			return fault.Invalid("column %d is merged over rows %d to %d, and row %d alone has the value: "+
				"unmerge the cells and fill each", reads[i]+1, gap.Top, gap.Bottom, gap.Top)
		}
	}
	return nil
}

// splitter cuts records into cells. One csv.Reader serves all records, as each new one would allocate a
// buffer. It never keeps anything for the next record: the records of a [Reader] end where it sees them
// end, or before. A record that ends in CR alone is whole to it too: readLine of encoding/csv drops a
// CR at the end of its input.
type splitter struct {
	csv    *csv.Reader
	record bytes.Reader // what csv reads: one record at a time
}

// newSplitter returns a splitter at one of [plain.Separators].
func newSplitter(comma byte) *splitter {
	s := &splitter{}
	s.csv = csv.NewReader(&s.record)
	s.csv.Comma = rune(comma)
	// -1: lines may have any number of cells, which package lines judges with the header before it.
	s.csv.FieldsPerRecord = -1
	// Quotes that do not add up were found by the reader. What is left is text, such as 24" monitor.
	s.csv.LazyQuotes = true
	return s
}

// split returns the cells of a record, nil if it is blank.
func (s *splitter) split(record []byte) []string {
	s.record.Reset(record)
	columns, err := s.csv.Read()
	// io.EOF: there was nothing but a line break.
	if err != nil {
		return nil
	}
	return columns
}
