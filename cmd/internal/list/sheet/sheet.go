// Package sheet reads the rows of a sheet of a workbook, as records of a CSV.
package sheet

import (
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"

	"receiptrevoker/cmd/internal/list/fault"
	"receiptrevoker/cmd/internal/list/frame"
)

// Rows yields the rows of a sheet as CSV records, so that they are read by the
// code that reads a CSV. Row 17 is line 17, whether or not rows before it are
// empty, and a cell stays in its column. A line break within a cell is [frame.CellLF] or
// [frame.CellCR].
//
// Hidden rows are read, and told of. A cell is what the file holds: text, the last result of a
// formula, a number without an exponent and with the zeros of its format, TRUE or FALSE, and of a date its number.
type Rows struct {
	xml     *xmlReader
	part    io.Closer
	file    io.Closer // what was kept of a list that cannot be sought in, nil if it can
	Name    string
	Sheets  int      // how many the workbook has
	Others  []string // their names, but for this one's, quoted
	Left    []Left   // the other sheets with payments, unless the sheet is named
	texts   *sharedTexts
	formats numberFormats

	begun, ended bool // sheetData
	row          int  // number of the row in work, or last
	written      int  // rows in out or before
	hidden       hiddenRows
	merged       mergedCells
	unsolved     unsolved
	out          []byte
	record       []byte // of the row in work
	err          error
	cell
}

// Close frees what the sheet keeps.
func (s *Rows) Close() error {
	s.texts.close()
	err := s.part.Close()
	if s.file != nil {
		err = cmp.Or(err, s.file.Close())
	}
	return err
}

// IsHidden reports whether a row is hidden. It is asked of rows in their order.
func (s *Rows) IsHidden(row int) bool { return s.hidden.has(row) }

// MergedAbove returns an error if a cell that is read of a row belongs to a range that began
// above: then its value stands in the first row of the range alone.
func (s *Rows) MergedAbove(row int, reads []int) error { return s.merged.above(row, reads) }

// Unsolved returns an error if a cell that is read of a row has a formula without a value. It is asked of rows in
// their order.
func (s *Rows) Unsolved(row int, reads []int) error { return s.unsolved.among(row, reads) }

// Read reads whole rows, as far as they fit.
func (s *Rows) Read(p []byte) (int, error) {
	for len(s.out) == 0 {
		if s.err != nil {
			return 0, s.err
		}
		if s.err = s.next(); s.err != nil && s.err != io.EOF {
			s.err = fault.Broken(fmt.Errorf("the workbook cannot be read: sheet %q, after row %d: %w",
				fault.Cut(s.Name), s.row, s.err))
		}
	}
	n := copy(p, s.out)
	s.out = s.out[:copy(s.out, s.out[n:])]
	return n, nil
}

// next takes up a token.
func (s *Rows) next() error {
	token, err := s.xml.next()
	switch {
	case err == io.EOF && !s.ended:
		return errors.New("it is cut short")
	case err != nil:
		return err
	case s.ended:
		return nil // up to the end, at which the checksum is compared
	}
	switch e := token.(type) {
	case xml.StartElement:
		if e.Name.Local == "sheetData" {
			s.begun = true
		} else if s.begun {
			err = s.start(e)
		}
	case xml.EndElement:
		if s.begun {
			err = s.end(e.Name.Local)
		}
	case xml.CharData:
		if s.value && len(s.raw) <= frame.MaxRecord {
			s.raw = append(s.raw, e...)
		}
	}
	if s.inline {
		s.text.token(token)
	}
	return err
}

func (s *Rows) start(e xml.StartElement) error {
	switch e.Name.Local {
	case "row":
		return s.startRow(e)
	case "c":
		return s.startCell(e)
	case "v":
		s.value = true
	case "f":
		s.unsolved.formula = true
	case "is":
		s.inline = true
		s.text.begin()
	}
	return nil
}

func (s *Rows) startRow(e xml.StartElement) error {
	row := s.row + 1
	if r := attribute(e, "r"); r != "" {
		row, _ = strconv.Atoi(r)
	}
	if row <= s.row || row > maxSheetRows {
		return fmt.Errorf("a row %q follows", fault.Cut(attribute(e, "r")))
	}
	s.row, s.record = row, s.record[:0]
	s.hidden.begin(e)
	s.column, s.filled = 0, 1
	return nil
}

func (s *Rows) startCell(e xml.StartElement) error {
	column := s.column + 1
	if r := attribute(e, "r"); r != "" {
		column = columnOf(r)
	}
	if column <= s.column || column > maxSheetColumns {
		return fmt.Errorf("a cell %q follows column %d", fault.Cut(attribute(e, "r")), s.column)
	}
	s.column, s.kind, s.style = column, attribute(e, "t"), attribute(e, "s")
	s.raw, s.unsolved.formula = s.raw[:0], false
	s.text.begin()
	return nil
}

func (s *Rows) end(name string) error {
	switch name {
	case "v":
		s.value = false
	case "is":
		s.inline = false
	case "c":
		return s.endCell()
	case "row":
		s.endRow()
	case "sheetData":
		s.ended = true
	}
	return nil
}

// endRow puts the record on its line.
func (s *Rows) endRow() {
	for ; s.written < s.row-1; s.written++ {
		s.out = append(s.out, '\n')
	}
	if len(s.record) == 0 && s.unsolved.has(s.row) {
		s.record = append(s.record, `""`...) // so that it is no blank line
	}
	s.out = append(append(s.out, s.record...), '\n')
	s.written++
	s.hidden.end(s.row)
}

// Left is a sheet that is not read, and holds payments.
type Left struct {
	Name string
	Rows int // with an imp_uid, or below a header that names it; of the first 10,000
}
