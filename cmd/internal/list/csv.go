package list

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strings"

	"receiptrevoker/tasks"
)

var (
	errHeaderAgain = errors.New("the header stands here again")
	errOtherHeader = errors.New("another header stands here: the lines after it are read by its columns")
	errLostColumn  = errors.New("a header without the imp_uid's column stands here or above")
)

// ownStrings is how long a record may be for its imp_uid to be a part of it in memory, where
// whoever keeps the one keeps the other: 4 KiB.
const ownStrings = 4 << 10

// csvParser makes rows of CSV records.
type csvParser struct {
	csv    *csv.Reader
	record bytes.Reader    // what csv reads: one record at a time
	named  string          // what the options say about the imp_uid's column
	name   string          // what the header says
	names  map[string]bool // the letters of all names of columns that are read
	columns
	others [fieldCount][]int // all columns of a field that several name, the preferred first
	many   bool              // there are such
	width
	moves   moves
	lengths lengths
	header  *header // of the list, nil if it has none
	sure    bool    // there are imp_uids in the imp_uid's column, as PortOne makes them
	sheet   bool    // the records are rows of a sheet, see [sheet]
	lost    error   // why the columns are not known since a second header, nil if they are
}

// columns are the indices of those that are read, -1 if there is none.
type columns struct{ impUID, gateway, number, tier int }

// separate sets the byte between fields. One csv.Reader serves all records, as
// each new one would allocate a buffer. It never keeps anything for the next
// record: the framer's records end where it sees them end, or before.
func (p *csvParser) separate(comma byte) {
	p.csv = csv.NewReader(&p.record)
	p.csv.Comma = rune(comma)
	p.csv.FieldsPerRecord = -1
	p.csv.LazyQuotes = true // quotes that do not add up were found by the framer
}

// split returns the fields of a record, nil if it is blank.
func (p *csvParser) split(record []byte) []string {
	p.record.Reset(record)
	columns, err := p.csv.Read()
	if err != nil { // io.EOF: there was nothing but a line break
		return nil
	}
	if p.sheet {
		for i, column := range columns {
			columns[i] = cellBreaks.Replace(column)
		}
	}
	return columns
}

func (p *csvParser) parse(record []byte) (Row, error) {
	row := Row{Columns: p.split(record)}
	if empty(row.Columns) {
		return row, errBlank
	}
	row.PG, row.ImpUID = tasks.Gateway(row.cell(p.gateway)), row.column(p.impUID)
	row.ApplyNum, row.Tier = row.column(p.number), row.column(p.tier)
	var fault error
	if p.many {
		row, fault = p.agreed(row)
	}
	if len(record) > ownStrings {
		row.own()
	}
	usual := ordinary(row.ImpUID)
	if !usual {
		if err := p.unusual(row); err != nil {
			return row, err
		}
	}
	switch {
	case p.lost != nil:
		return row, p.lost
	case !p.holds(row.Columns) && !p.sheet: // no cell of a sheet moves
		return row, p.tooWide(row.Columns)
	}
	if !usual {
		if err := p.misplaced(row); err != nil {
			return row, err
		}
	}
	if fault != nil {
		return row, fault
	}
	if err := validate(row.ImpUID); err != nil {
		return row, err
	}
	return row, p.complete(&row, record)
}

// complete returns an error if a record may be a part of a line, or hold more than one.
func (p *csvParser) complete(row *Row, record []byte) error {
	if err := p.cutOff(row, record); err != nil {
		return err
	}
	p.lengths.add(row)
	if p.short(len(row.Columns)) {
		if err := p.tooShort(*row, record); err != nil {
			return err
		}
	}
	if len(row.Columns) == 1 || !twoImpUIDs(record) {
		return nil
	}
	return gluedCell(row.Columns)
}

// twoImpUIDs reports whether a record may hold two imp_uids. It is all that most records are
// searched for.
func twoImpUIDs(record []byte) bool {
	mark := []byte("imp")
	first := bytes.Index(record, mark)
	return first >= 0 && bytes.Contains(record[first+len(mark):], mark)
}

// unusual returns why a row whose imp_uid does not look like one is no payment,
// nil if it may be one all the same.
func (p *csvParser) unusual(row Row) error {
	if err := p.headerAgain(row); err != nil {
		return err
	}
	if looksLikeTotals(row) {
		return errTotals
	}
	if p.lost == nil && p.impUID >= len(row.Columns) {
		return fmt.Errorf("the line has %d columns, the imp_uid's is column %d", len(row.Columns), p.impUID+1)
	}
	return nil
}

// headerAgain returns an error if a row is a header, as when two lists were put
// together. The lines after it are read by its columns.
func (p *csvParser) headerAgain(row Row) error {
	if !slices.ContainsFunc(row.Columns, p.isName) || slices.ContainsFunc(row.Columns, holdsImpUID) {
		return nil
	}
	worst := spelled // what a memo says may look like a name
	if slices.ContainsFunc(row.Columns, func(cell string) bool { return tidy(cell) == tidy(p.name) }) {
		worst = loose
	}
	before, width, names := p.columns, widthOf(row.Columns), row.Columns
	if p.header != nil && slices.Equal(row.Columns, p.header.columns) { // it may have had several rows
		width, names = p.header.width, p.header.names
	}
	found, err := locate(names, p.named, worst)
	switch {
	case err != nil:
		p.lost = fmt.Errorf("the header above this line cannot be read: %w", err)
		return err
	case found.impUID >= 0:
		if found == before {
			width = width.atLeast(p.width)
		}
		p.columns, p.width, p.lost = found, width, nil
		p.findOthers(names)
	case tasks.StandsForNoValue(row.ImpUID) || slices.ContainsFunc(row.Columns, hasDigit):
		return nil // a line of the list, which has such a word in another column
	default:
		p.lost = errLostColumn
		return errLostColumn
	}
	if found == before {
		return errHeaderAgain
	}
	return errOtherHeader
}

func hasDigit(cell string) bool { return strings.ContainsAny(cell, "0123456789") }

// isName reports whether a cell holds the name of a column that is read.
func (p *csvParser) isName(cell string) bool {
	if p.names == nil {
		p.names = map[string]bool{squeeze(p.name): true}
		for _, name := range slices.Concat(namesOr(p.named), gatewayNames, numberNames, tierNames) {
			p.names[squeeze(name)] = true
		}
		delete(p.names, "")
	}
	return p.names[squeeze(cell)]
}

// own makes the values that are read no part of the record any more.
func (r *Row) own() {
	r.ImpUID, r.PG = strings.Clone(r.ImpUID), tasks.Gateway(strings.Clone(string(r.PG)))
	r.ApplyNum, r.Tier = strings.Clone(r.ApplyNum), strings.Clone(r.Tier)
}

// column returns the value of a column, "" if the row does not reach there.
func (r *Row) column(i int) string { return clean(r.cell(i)) }

// cell returns a column as it came, "" if the row does not reach there.
func (r *Row) cell(i int) string {
	if i < 0 || i >= len(r.Columns) {
		return ""
	}
	return r.Columns[i]
}

// empty reports whether no column holds anything but blanks.
func empty(columns []string) bool {
	for _, column := range columns {
		if clean(column) != "" {
			return false
		}
	}
	return true
}
