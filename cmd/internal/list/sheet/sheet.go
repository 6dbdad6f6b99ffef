// Package sheet reads the rows of a sheet of a workbook, one after another and in bounded memory: a
// workbook of a few kilobytes can unpack to gigabytes. What is cut short or damaged is never taken for
// the end of a list.
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

// Rows yields the rows of a sheet that hold something. A cell stays in its column.
//
// Hidden rows are read, and told of. A cell is what the file holds: text, the last result of a formula,
// a number without an exponent and with the zeros of its format, TRUE or FALSE, and of a date its
// number.
type Rows struct {
	xml *xmlReader
	// part is the sheet's part of the archive.
	part io.Closer
	// file is what was kept of a list that cannot be sought in, nil if it can.
	file io.Closer
	Name string
	// Sheets is how many sheets with cells the workbook has.
	Sheets int
	// Others are their names, but for this one's, quoted as an error shows them.
	Others []string
	// Left are the other sheets with payments, unless the sheet is named: then the person has chosen.
	Left    []Left
	texts   *sharedTexts
	formats numberFormats
	merged  mergedCells

	ahead []*frame.Record // the first rows, which were looked at and are to be read
	err   error           // final

	// begun and ended are of sheetData: what stands before and behind it is no row.
	begun, ended bool
	// row is the number of the row in work, or last, from 1.
	row int
	// whole is the number of the last row that was read to its end. An error names the row after it.
	whole int
	// hidden says that the row in work is one that Excel does not show.
	hidden bool
	// gaps are its formulas without a value.
	gaps []frame.Gap
	// text is its cells with commas between them, and ends where each ends in it.
	text []byte
	ends []int
	cell cell
}

// Close frees what the sheet keeps: its part, and temporary files. The list itself stays open.
func (s *Rows) Close() error {
	s.texts.close()
	err := s.part.Close()
	if s.file != nil {
		err = cmp.Or(err, s.file.Close())
	}
	return err
}

// Ahead returns the first rows, and does not take them: at most most of them, and no more once they
// have size bytes. It is called once, before Next.
func (s *Rows) Ahead(most, size int) ([]*frame.Record, error) {
	for len(s.ahead) < most && size > 0 {
		row, err := s.read()
		if err == io.EOF {
			break
		}
		if err != nil && !frame.Unusable(err) {
			return nil, err
		}
		s.ahead = append(s.ahead, row)
		size -= len(row.Text)
	}
	return s.ahead, nil
}

// Next returns the next row, which stays valid. The error is io.EOF after the last one,
// [frame.ErrTooLong] with the beginning of a row, or final; then it matches fault.ErrBroken,
// unless it is the file's.
func (s *Rows) Next() (*frame.Record, error) {
	if len(s.ahead) == 0 {
		return s.read()
	}
	row := s.ahead[0]
	s.ahead = s.ahead[1:]
	return row, row.TooLong()
}

// read reads the next row of the file, behind those that Ahead has read.
func (s *Rows) read() (*frame.Record, error) {
	for s.err == nil {
		whole, err := s.next()
		if err != nil && err != io.EOF {
			err = fmt.Errorf("the workbook cannot be read: sheet %q, after row %d: %w", fault.Cut(s.Name), s.row, err)
			err = fault.Broken(err)
		}
		if s.err = err; !whole {
			continue
		}
		// Empty rows are left out, as empty lines of a CSV are. One with gaps is not empty to a person.
		if s.whole = s.row; len(s.text) > 0 || len(s.gaps) > 0 {
			row := s.record()
			return row, row.TooLong()
		}
	}
	return &frame.Record{Line: s.whole + 1}, s.err
}

// record returns the row in work, which is whole, in memory of its own.
func (s *Rows) record() *frame.Record {
	text := string(s.text)
	cells := make([]string, len(s.ends))
	from := 0
	for i, end := range s.ends {
		cells[i] = text[from:end]
		from = end + 1
	}
	return &frame.Record{
		Line: s.row, Text: []byte(text), Cells: cells, Hidden: s.hidden, Gaps: append(s.gaps, s.merged.gaps(int32(s.row))...),
	}
}

// next takes up a token, and reports whether a row ends with it. A sheet ends only with its part.
func (s *Rows) next() (whole bool, err error) {
	token, err := s.xml.next()
	switch {
	case err == io.EOF && !s.ended:
		return false, errors.New("it is cut short")
	// The part is read to its end, where archive/zip compares the checksum (checksumReader.Read): only
	// then are its rows known to be undamaged.
	case err != nil || s.ended:
		return false, err
	}
	switch e := token.(type) {
	case xml.StartElement:
		if s.begun {
			err = s.start(e)
		}
		s.begun = s.begun || e.Name.Local == "sheetData"
	case xml.EndElement:
		if !s.begun {
			return false, nil
		}
		if e.Name.Local == "c" {
			err = s.endCell()
		}
		whole, s.ended = e.Name.Local == "row", e.Name.Local == "sheetData"
	}
	s.cell.token(token)
	return whole, err
}

// start takes up the beginning of an element in sheetData.
func (s *Rows) start(e xml.StartElement) error {
	switch e.Name.Local {
	case "row":
		return s.startRow(e)
	case "c":
		return s.startCell(e)
	}
	return nil
}

// startRow begins a row. One without a number is the next; numbers have to grow, or reports would name
// the wrong line.
func (s *Rows) startRow(e xml.StartElement) error {
	row := s.row + 1
	if r := attribute(e, "r"); r != "" {
		row, _ = strconv.Atoi(r)
	}
	if row <= s.row || row > maxSheetRows {
		return fmt.Errorf("a row %q follows", fault.Cut(attribute(e, "r")))
	}
	s.row, s.hidden, s.gaps = row, isHidden(e), nil
	s.text, s.ends, s.cell.column = s.text[:0], s.ends[:0], 0
	return nil
}

// isHidden reports whether a program does not show a row, because of a filter, an
// outline or its height. A person may not know that it is in the list. Where a sheet hides rows unless
// they say otherwise (zeroHeight), Excel shows those that are written in it.
func isHidden(row xml.StartElement) bool {
	hidden := attribute(row, "hidden")
	height, err := strconv.ParseFloat(attribute(row, "ht"), 64)
	return hidden == "1" || hidden == "true" || err == nil && height == 0
}

// Left is a sheet that is not read, and holds payments: a list may be split over sheets.
type Left struct {
	Name string
	// Rows is how many have an imp_uid, or stand below a header that names it; of the first 10,000.
	Rows int
}
