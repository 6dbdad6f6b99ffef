package frame

import (
	"bytes"
	"encoding/csv"
	"slices"

	"receiptrevoker/cmd/internal/list/fault"
)

// Record is what a list is made of, however it is written: a line of a text, a row of a sheet, or an element of
// JSON. It is valid until the next one is read.
type Record struct {
	Line   int      // on which it begins, from 1; of a sheet the row's number
	Text   []byte   // in UTF-8; of a row its cells with commas between them
	Cells  []string // nil in JSON, and where it is too long
	Hidden bool     // it is a row that Excel does not show
	Gaps   []Gap    // cells of a row that have no value, and for a person do
}

// TooLong returns an error if a row of a sheet is.
func (r *Record) TooLong() error {
	if len(r.Text) > MaxRecord {
		return ErrTooLong
	}
	return nil
}

// Gap are cells of a row, from 1, whose value stands elsewhere: in the first row of those that they are merged over,
// or nowhere if it is still to be worked out.
type Gap struct {
	Left, Right int32
	Top, Bottom int32 // rows that are merged; 0 if the cell has a formula without a value
}

// Gap returns an error if one of the columns that are read, from 0, has its value elsewhere.
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

// splitter cuts records into cells. One csv.Reader serves all records, as each new one would
// allocate a buffer. It never keeps anything for the next record: the records of a [Reader] end
// where it sees them end, or before.
type splitter struct {
	csv    *csv.Reader
	record bytes.Reader // what csv reads: one record at a time
}

func newSplitter(comma byte) *splitter {
	s := &splitter{}
	s.csv = csv.NewReader(&s.record)
	s.csv.Comma = rune(comma)
	s.csv.FieldsPerRecord = -1
	s.csv.LazyQuotes = true // quotes that do not add up were found by the reader
	return s
}

// split returns the cells of a record, nil if it is blank.
func (s *splitter) split(record []byte) []string {
	s.record.Reset(record)
	columns, err := s.csv.Read()
	if err != nil { // io.EOF: there was nothing but a line break
		return nil
	}
	return columns
}
