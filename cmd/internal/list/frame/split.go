package frame

import (
	"bytes"
	"encoding/csv"
	"strings"
)

// Line breaks within a cell, of which XML can hold neither: so each row is a line.
const (
	CellLF = '\x01'
	CellCR = '\x02'
)

// cellBreaks gives a cell its line breaks back.
var cellBreaks = strings.NewReplacer(string(CellLF), "\n", string(CellCR), "\r")

// Splitter cuts records into cells. One csv.Reader serves all records, as each new one would
// allocate a buffer. It never keeps anything for the next record: the records of a [Reader] end
// where it sees them end, or before.
type Splitter struct {
	csv    *csv.Reader
	record bytes.Reader // what csv reads: one record at a time
	sheet  bool         // the records are rows of a sheet, see [sheet.Rows]
}

// NewSplitter returns a splitter by the byte between cells.
func NewSplitter(comma byte, sheet bool) *Splitter {
	s := &Splitter{sheet: sheet}
	s.csv = csv.NewReader(&s.record)
	s.csv.Comma = rune(comma)
	s.csv.FieldsPerRecord = -1
	s.csv.LazyQuotes = true // quotes that do not add up were found by the reader
	return s
}

// Split returns the cells of a record, nil if it is blank.
func (s *Splitter) Split(record []byte) []string {
	s.record.Reset(record)
	columns, err := s.csv.Read()
	if err != nil { // io.EOF: there was nothing but a line break
		return nil
	}
	if s.sheet {
		for i, column := range columns {
			columns[i] = cellBreaks.Replace(column)
		}
	}
	return columns
}
