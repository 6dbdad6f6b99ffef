// Package lines makes payments of the records of a list: lines of a CSV, rows of a sheet, or objects of
// JSON. What may be read in two ways it does not guess at: a value in another's column makes a worker
// revoke another receipt, or none. Files that were put together, damaged or edited by hand show by
// their shape: by how many cells a line has, and by what stands in the column of the imp_uid.
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
	// errHeaderAgain is the reason of a row that names the same columns: those below it are read as
	// before.
	errHeaderAgain = errors.New("the header stands here again")
	// errOtherHeader is the reason of a row by whose other columns those below it are read.
	errOtherHeader = errors.New("another header stands here: the lines after it are read by its columns")
	// errLostColumn is the reason of a header without the imp_uid and of all rows up to the next header.
	errLostColumn = errors.New("a header without the imp_uid's column stands here or above")
)

// ownStrings is how long a record may be for its imp_uid to be a part of it in memory, where a caller
// that keeps the one keeps the other: 4 KiB. `bulk` keeps 1,000 lines ahead, which would be 1 GiB of
// the longest.
const ownStrings = 4 << 10

// CSV makes rows of lines of a CSV, and of rows of a sheet. It is of one list: it learns from each line
// what the next are compared with.
type CSV struct {
	// names are the letters of all names of columns that are read; nil until one is compared.
	names map[string]bool
	shape
	// lengths are those of the values so far, by which a last line without a line end is judged.
	lengths lengths
	header  *header.Header // of the list
	// lost is why the columns are not known since a second header, nil if they are. Until a header that
	// can be read comes, all lines have this error.
	lost error
}

// NewCSV returns a parser of records below a header. named is what is said about the imp_uid's column,
// and sheet reports that the records are rows of a sheet.
func NewCSV(at *header.Header, named string, sheet bool) *CSV {
	p := &CSV{header: at, shape: shape{
		comma: at.Comma, named: named, Width: at.Width, sure: at.Payments > 0, Sheet: sheet,
	}}
	if p.use(at.Found); at.Line > 0 {
		p.name = at.Columns[p.at[naming.ImpUIDField]]
	}
	return p
}

// LooksLikePayment reports whether a record above the header holds an imp_uid, or a number that may be
// one in its place: of 사업자번호,1234567890 the number has ten digits, of an imp_uid 12 or 13.
func (p *CSV) LooksLikePayment(record *frame.Record) bool {
	cell := plain.Cell(record.Cells, p.at[naming.ImpUIDField])
	return impuid.In(string(record.Text)) || impuid.BareNumber.MatchString(cell)
}

// Parse makes a row of a record, see [payment.ErrBlank]. With an error the row is what could be read,
// for the report of the line.
func (p *CSV) Parse(record *frame.Record) (payment.Row, error) {
	row := payment.Row{Line: record.Line, Columns: record.Cells}
	row.PG, row.ImpUID = tasks.Gateway(row.Cell(p.at[naming.GatewayField])), row.Column(p.at[naming.ImpUIDField])
	row.ApplyNum, row.Tier = whole(row.Column(p.at[naming.NumberField])), row.Column(p.at[naming.TierField])
	var disagree error
	if p.many {
		row, disagree = p.agreed(row)
	}
	if len(record.Text) > ownStrings {
		own(&row)
	}
	// What is rare is looked for only where the imp_uid is unusual, see [impuid.Ordinary].
	usual := impuid.Ordinary(row.ImpUID)
	if err := p.unusable(record, row, usual); err != nil {
		return row, err
	}
	if disagree != nil {
		return row, disagree
	}
	if err := impuid.Validate(row.ImpUID); err != nil {
		return row, err
	}
	err := p.complete(&row, record.Text)
	return row, err
}

// unusable returns why a row is no payment, or one whose values may stand in other columns, nil if
// neither. What says most to a person is looked for first: a row of totals is told as that, although it
// has too few columns as well.
func (p *CSV) unusable(record *frame.Record, row payment.Row, usual bool) error {
	// Before all else: a gap reads as an empty cell, of which other errors would say something wrong.
	if len(record.Gaps) > 0 {
		if err := record.Gap(p.Reads()); err != nil {
			return err
		}
	}
	if plain.Empty(row.Columns) {
		return payment.ErrBlank
	}
	if !usual {
		if err := p.unusual(row); err != nil {
			return err
		}
	}
	switch {
	case p.lost != nil:
		return p.lost
	case !p.Holds(row.Columns) && !p.Sheet: // no cell of a sheet moves
		return p.tooWide(row.Columns)
	case !usual:
		return p.misplaced(row)
	}
	return nil
}

// agreed is agree for a record. It takes the row itself: by a pointer each row of any list would be
// allocated, also of one that names each field once.
func (p *CSV) agreed(row payment.Row) (payment.Row, error) {
	var values [naming.FieldCount][]string
	for of, columns := range p.Columns {
		for _, column := range columns {
			values[of] = append(values[of], row.Column(column))
		}
	}
	err := agree(&row, &values)
	return row, err
}

// strange reports whether a row's number has another form than most, or is no number of a receipt's in a line that may
// lack a value to the left of it, as CONCAT_WS leaves out those that are NULL.
func (p *CSV) strange(row *payment.Row) bool {
	number := row.ApplyNum
	if number == "" || !given(number) {
		return false
	}
	// So do the numbers of a tax invoice, a card and a phone look, and a date. The National Tax Service
	// gives a receipt nine digits.
	if len(number) > 12 || strings.ContainsAny(number, "-./:") {
		return true
	}
	digits := len(number) - len(strings.Trim(number, "0123456789"))
	// A program may have dropped the first zeros: 003456789 is written 3456789. Ten digits are strange
	// where others have nine.
	if p.header.Nine {
		return digits != len(number) || len(number) < 7 || len(number) > 9
	}
	// An amount has fewer digits, and a name has none.
	return len(row.Columns) < p.Cells && p.MovesReceipt && !p.Sheet && digits < 6
}

// complete returns an error if a record may be a part of a line, or hold more than one, or a value that
// stands in another's column. It is called for rows that can be used otherwise, and fills in what is
// odd about them.
func (p *CSV) complete(row *payment.Row, record []byte) error {
	if err := p.cutOff(row, record); err != nil {
		return err
	}
	// Only now: a line that is cut off says nothing about how short values may be.
	p.lengths.add(row)
	if p.short(len(row.Columns)) {
		if err := p.tooShort(*row, record); err != nil {
			return err
		}
	}
	// In one cell alone, Validate has found a second imp_uid before.
	if len(row.Columns) > 1 && impuid.MayBeTwo(record) {
		if err := impuid.InOther(row.Columns); err != nil {
			return err
		}
		row.Further = p.further(row)
	}
	if err := validateNumber(row.ApplyNum); err != nil {
		return err
	}
	row.Strange = p.strange(row)
	return p.gatewayMoved(row)
}

// further returns another imp_uid of a row, "" if there is none, also from columns that are not read.
// The line asks for one payment; of the others a person is told.
func (p *CSV) further(row *payment.Row) string {
	for i := range row.Columns {
		if other := impuid.Other(row.Column(i), row.ImpUID); other != "" {
			return other
		}
	}
	return ""
}

// unusual returns why a row whose imp_uid does not look like one is no payment, nil if it may be one
// all the same: an order system may have other numbers, and --column may name another column.
func (p *CSV) unusual(row payment.Row) error {
	if err := p.headerAgain(row); err != nil {
		return err
	}
	if looksLikeTotals(row) {
		return errTotals
	}
	if at := p.at[naming.ImpUIDField]; p.lost == nil && at >= len(row.Columns) {
		return fmt.Errorf("the line has %d columns, the imp_uid's is column %d", len(row.Columns), at+1)
	}
	return nil
}

// headerAgain returns an error if a row is a header, as when two lists were put together. The lines
// after it are read by its columns. A line that has such a word in another column, as PG among payment
// methods, is none.
func (p *CSV) headerAgain(row payment.Row) error {
	if !slices.ContainsFunc(row.Columns, p.isName) || slices.ContainsFunc(row.Columns, impuid.In) {
		return nil
	}
	// What a memo says may look like a name; the imp_uid's own name, as the list writes it, is proof.
	worst := naming.Spelled
	if slices.ContainsFunc(row.Columns, func(cell string) bool { return plain.Name(cell) == plain.Name(p.name) }) {
		worst = naming.Loose
	}
	before, reaches, names := p.at, header.WidthOf(row.Columns), row.Columns
	// The header may have had several rows, of which this one comes again: their names are known.
	if slices.Equal(row.Columns, p.header.Columns) {
		reaches, names = p.header.Width, p.header.Names
	}
	found, err := naming.Locate(names, p.named, worst)
	switch {
	case err != nil:
		p.lost = fmt.Errorf("the header above this line cannot be read: %w", err)
		return err
	case found.First(naming.ImpUIDField) >= 0:
		// The same columns and one more: lines of both widths are read.
		if p.use(found); p.at == before {
			reaches = reaches.AtLeast(p.Width)
		}
		p.Width, p.lost = reaches, nil
	case tasks.StandsForNoValue(row.ImpUID) || slices.ContainsFunc(row.Columns, plain.HasDigit):
		return nil // a line of the list, which has such a word in another column
	default:
		p.lost = errLostColumn
		return errLostColumn
	}
	if p.at == before {
		return errHeaderAgain
	}
	return errOtherHeader
}

// isName reports whether a cell holds the name of a column that is read, by its letters and digits.
func (p *CSV) isName(cell string) bool {
	if p.names == nil {
		p.names = map[string]bool{plain.Squeeze(p.name): true}
		names := naming.Names(p.named)
		for _, name := range slices.Concat(names[:]...) {
			p.names[plain.Squeeze(name)] = true
		}
		// Of an empty cell nothing is left either.
		delete(p.names, "")
	}
	return p.names[plain.Squeeze(cell)]
}

// own makes the values that are read no part of the record any more. Columns stay parts of it.
func own(r *payment.Row) {
	r.ImpUID, r.PG = strings.Clone(r.ImpUID), tasks.Gateway(strings.Clone(string(r.PG)))
	r.ApplyNum, r.Tier = strings.Clone(r.ApplyNum), strings.Clone(r.Tier)
}
