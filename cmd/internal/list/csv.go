package list

import (
	"bytes"
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
	*splitter
	names map[string]bool // the letters of all names of columns that are read
	shape
	lengths lengths
	header  *header // of the list, nil if it has none
	lost    error   // why the columns are not known since a second header, nil if they are
}

// newCSVParser returns a parser of records with an imp_uid alone, up to useHeader. named is what
// is said about the imp_uid's column.
func newCSVParser(comma byte, named string, sheet bool) *csvParser {
	return &csvParser{splitter: newSplitter(comma, sheet), shape: shape{
		comma: comma, named: named, columns: columns{0, -1, -1, -1}, width: width{1, 1, 1}, sure: true, sheet: sheet,
	}}
}

// useHeader takes the columns of a header.
func (p *csvParser) useHeader(at *header) (err error) {
	if p.columns, err = locate(at.names, p.named, loose); err != nil {
		return fmt.Errorf("line %d: %w", at.line, err)
	}
	p.header, p.name = at, at.columns[p.impUID]
	p.findOthers(at.names)
	p.width, p.sure = at.width, at.payments > 0
	return nil
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
		own(&row)
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
	case !p.holds(row.Columns) && !p.shape.sheet: // no cell of a sheet moves
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
	if err := p.lengths.cutOff(&p.shape, row, record); err != nil {
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
	before, reaches, names := p.columns, widthOf(row.Columns), row.Columns
	if p.header != nil && slices.Equal(row.Columns, p.header.columns) { // it may have had several rows
		reaches, names = p.header.width, p.header.names
	}
	found, err := locate(names, p.named, worst)
	switch {
	case err != nil:
		p.lost = fmt.Errorf("the header above this line cannot be read: %w", err)
		return err
	case found.impUID >= 0:
		if found == before {
			reaches = reaches.atLeast(p.width)
		}
		p.columns, p.width, p.lost = found, reaches, nil
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
func own(r *Row) {
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
