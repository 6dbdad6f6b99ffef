// Package lines makes payments of the records of a list: lines of a CSV, or objects of JSON.
package lines

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"receiptrevoker/cmd/internal/list/frame"
	"receiptrevoker/cmd/internal/list/header"
	"receiptrevoker/cmd/internal/list/impuid"
	"receiptrevoker/cmd/internal/list/naming"
	"receiptrevoker/cmd/internal/list/payment"
	"receiptrevoker/cmd/internal/list/plain"
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

// CSV makes rows of CSV records.
type CSV struct {
	cells *frame.Splitter
	names map[string]bool // the letters of all names of columns that are read
	shape
	lengths lengths
	header  *header.Header // of the list, nil if it has none
	lost    error          // why the columns are not known since a second header, nil if they are
}

// NewCSV returns a parser of records with an imp_uid alone, up to
// [CSV.UseHeader]. named is what is said about the imp_uid's column.
func NewCSV(comma byte, named string, sheet bool) *CSV {
	return &CSV{cells: frame.NewSplitter(comma, sheet), shape: shape{
		comma: comma, named: named, Columns: naming.Columns{Gateway: -1, Number: -1, Tier: -1},
		Width: header.Width{Cells: 1, Filled: 1, Least: 1}, sure: true, Sheet: sheet,
	}}
}

// UseHeader takes the columns of a header.
func (p *CSV) UseHeader(at *header.Header) (err error) {
	if p.Columns, err = naming.Locate(at.Names, p.named, naming.Loose); err != nil {
		return fmt.Errorf("line %d: %w", at.Line, err)
	}
	p.header, p.name = at, at.Columns[p.ImpUID]
	p.findOthers(at.Names)
	p.Width, p.sure = at.Width, at.Payments > 0
	return nil
}

// LooksLikePayment reports whether a record above the header holds an imp_uid, or a number
// that may be one in its place.
func (p *CSV) LooksLikePayment(record []byte) bool {
	row := payment.Row{Columns: p.cells.Split(record)}
	return impuid.In(string(record)) || impuid.BareNumber.MatchString(row.Column(p.ImpUID))
}

// Parse makes a row of a record, see [payment.ErrBlank].
func (p *CSV) Parse(record []byte) (payment.Row, error) {
	row := payment.Row{Columns: p.cells.Split(record)}
	if plain.Empty(row.Columns) {
		return row, payment.ErrBlank
	}
	row.PG, row.ImpUID = tasks.Gateway(row.Cell(p.Gateway)), row.Column(p.ImpUID)
	row.ApplyNum, row.Tier = row.Column(p.Number), row.Column(p.Tier)
	var fault error
	if p.many {
		row, fault = p.agreed(row)
	}
	if len(record) > ownStrings {
		own(&row)
	}
	usual := impuid.Ordinary(row.ImpUID)
	if !usual {
		if err := p.unusual(row); err != nil {
			return row, err
		}
	}
	switch {
	case p.lost != nil:
		return row, p.lost
	case !p.Holds(row.Columns) && !p.Sheet: // no cell of a sheet moves
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
	if err := impuid.Validate(row.ImpUID); err != nil {
		return row, err
	}
	return row, p.complete(&row, record)
}

// complete returns an error if a record may be a part of a line, or hold more than one.
func (p *CSV) complete(row *payment.Row, record []byte) error {
	if err := p.lengths.cutOff(&p.shape, row, record); err != nil {
		return err
	}
	p.lengths.add(row)
	if p.short(len(row.Columns)) {
		if err := p.tooShort(*row, record); err != nil {
			return err
		}
	}
	if len(row.Columns) == 1 || !impuid.MayBeTwo(record) {
		return nil
	}
	return impuid.InOther(row.Columns)
}

// unusual returns why a row whose imp_uid does not look like one is no payment,
// nil if it may be one all the same.
func (p *CSV) unusual(row payment.Row) error {
	if err := p.headerAgain(row); err != nil {
		return err
	}
	if looksLikeTotals(row) {
		return errTotals
	}
	if p.lost == nil && p.ImpUID >= len(row.Columns) {
		return fmt.Errorf("the line has %d columns, the imp_uid's is column %d", len(row.Columns), p.ImpUID+1)
	}
	return nil
}

// headerAgain returns an error if a row is a header, as when two lists were put
// together. The lines after it are read by its columns.
func (p *CSV) headerAgain(row payment.Row) error {
	if !slices.ContainsFunc(row.Columns, p.isName) || slices.ContainsFunc(row.Columns, impuid.In) {
		return nil
	}
	worst := naming.Spelled // what a memo says may look like a name
	if slices.ContainsFunc(row.Columns, func(cell string) bool { return plain.Name(cell) == plain.Name(p.name) }) {
		worst = naming.Loose
	}
	before, reaches, names := p.Columns, header.WidthOf(row.Columns), row.Columns
	if p.header != nil && slices.Equal(row.Columns, p.header.Columns) { // it may have had several rows
		reaches, names = p.header.Width, p.header.Names
	}
	found, err := naming.Locate(names, p.named, worst)
	switch {
	case err != nil:
		p.lost = fmt.Errorf("the header above this line cannot be read: %w", err)
		return err
	case found.ImpUID >= 0:
		if found == before {
			reaches = reaches.AtLeast(p.Width)
		}
		p.Columns, p.Width, p.lost = found, reaches, nil
		p.findOthers(names)
	case tasks.StandsForNoValue(row.ImpUID) || slices.ContainsFunc(row.Columns, plain.HasDigit):
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

// isName reports whether a cell holds the name of a column that is read.
func (p *CSV) isName(cell string) bool {
	if p.names == nil {
		p.names = map[string]bool{plain.Squeeze(p.name): true}
		fields := naming.NewFields(p.named)
		for _, name := range slices.Concat(fields.Names[:]...) {
			p.names[plain.Squeeze(name)] = true
		}
		delete(p.names, "")
	}
	return p.names[plain.Squeeze(cell)]
}

// own makes the values that are read no part of the record any more.
func own(r *payment.Row) {
	r.ImpUID, r.PG = strings.Clone(r.ImpUID), tasks.Gateway(strings.Clone(string(r.PG)))
	r.ApplyNum, r.Tier = strings.Clone(r.ApplyNum), strings.Clone(r.Tier)
}
