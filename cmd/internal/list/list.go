// Package list reads lists of payments whose cash receipts are to be revoked,
// as order systems, Excel and PortOne export them: CSV, workbooks, NDJSON or JSON,
// in UTF-8, UTF-16 or the EUC-KR of Korean Windows, compressed or not, clean or
// dirty, of any length. A line that cannot be used is reported with its number,
// and the rest is read.
package list

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"receiptrevoker/tasks"
)

// headSize is how much of a list is looked at to find out how it is written: 64 KiB.
// Two times that is buffered, so that a record of that length can be looked at whole
// before it is taken.
const headSize = 64 << 10

// maxRecord bounds a record, its line break included: 1 MiB. Once one is met that is
// longer than headSize, two times maxRecord are buffered.
const maxRecord = 1 << 20

// ErrEmpty says that a list holds nothing but blanks and separators.
var ErrEmpty = errEmpty

// errEmpty says that a list holds nothing but blanks and separators.
var errEmpty = errors.New("the list is empty")

// ErrBroken matches the error of a list that cannot be read beyond some place, until it is
// mended or made again: one that is cut short or damaged, or no valid JSON.
var ErrBroken = errBroken

// errBroken is matched by each brokenError.
var errBroken = errors.New("the list is broken")

// brokenError says why a list cannot be read beyond some place.
type brokenError struct{ error }

func (brokenError) Is(target error) bool { return target == errBroken }
func (e brokenError) Unwrap() error      { return e.error }

// broken returns an error that says the same, and matches errBroken.
func broken(err error) error { return brokenError{err} }

// Format is how a list is written.
type Format string

// The formats that a [Reader] recognises.
const (
	CSV    Format = "CSV"
	NDJSON Format = "NDJSON"
	// JSON is a JSON text other than NDJSON: an array of objects or of strings,
	// objects one after another, or an answer of PortOne that holds a list.
	JSON Format = "JSON"
	// XLSX is a workbook of Excel, .xlsx or .xlsm.
	XLSX Format = "XLSX"
)

// Options are what a reader cannot find out by itself. The zero value is good
// for lists that use the names order systems use.
type Options struct {
	// Column is the header of the imp_uid's column, or its key in JSON.
	// Default: the first known name that the list has, see [NewReader].
	Column string
	// PG is the gateway of lines that name none. Default: not known.
	PG tasks.Gateway
	// Tier is the sub-merchant of lines that name none. Default: the workers' own.
	Tier string
	// Sheet is the sheet of a workbook that is read. Default: the first one that
	// Excel shows.
	Sheet string
}

// Row is one payment of the list.
type Row struct {
	// Line is the line of the file on which the record starts, from 1.
	Line int
	// ImpUID is the payment, without what spreadsheets put around it.
	ImpUID string
	// PG is the gateway that the record names, or [Options].PG if it names
	// none. A name that is not known is kept as it came.
	PG tasks.Gateway
	// ApplyNum is the number of the receipt that is meant, empty if the record names
	// none.
	ApplyNum string
	// Tier is the code of the sub-merchant that the record names, or [Options].Tier if
	// it names none. It is not validated.
	Tier string
	// Columns are the fields of a CSV record as they came, in UTF-8, or the cells of
	// a sheet's row; nil in JSON.
	Columns []string
	// Raw is the object of an NDJSON line as it came, or the element of a JSON text,
	// in UTF-8; nil in CSV.
	Raw json.RawMessage
}

// Reader reads a list row by row. It holds one record at a time, however long
// the list is.
type Reader struct {
	records  framer
	elements *elements // nil unless the format is JSON
	text     decoder
	parser   parser
	gateways gateways
	suspects Suspects
	tier     string // of lines that name none
	format   Format
	encoding string

	unpacking *unpacking // nil unless the list is compressed
	rows      *sheet     // nil unless the list is a workbook
	closed    bool
	header    []string
	layout    Layout
	above     []*LineError // payments above the header, which are still to be reported
	notes     []Note
	noted     struct{ marked, odd bool } // which notes there are of what may come again
}

// parser makes a row of a record in UTF-8, whose PG is as it came. With an error
// it returns what could be read; errBlank means that the record holds nothing.
type parser interface {
	parse(record []byte) (Row, error)
}

// errBlank says that a record holds nothing.
var errBlank = errors.New("blank")

// Format returns how the list is written.
func (r *Reader) Format() Format { return r.format }

// Header returns the header of a CSV list as it came, in UTF-8. It is nil for
// JSON, and for a list of bare imp_uids.
func (r *Reader) Header() []string { return r.header }

// Encoding returns how the list is encoded: "UTF-8", "UTF-8 with BOM",
// "EUC-KR (CP949)" or "UTF-16". It is found from the first 64 KiB; a later line
// that is not valid UTF-8 is read as CP949 by itself.
func (r *Reader) Encoding() string { return r.encoding }

// Read returns the next row. The error is [io.EOF] at the end of the list; a
// [*LineError] if a line cannot be used, after which Read goes on with the
// next; or whatever the underlying reader returned, after which it does not.
func (r *Reader) Read() (Row, error) {
	if len(r.above) > 0 {
		err := r.above[0]
		r.above = r.above[1:]
		return Row{}, err
	}
	for {
		record, err := r.next()
		if err == io.EOF {
			if wrong := r.unpacking.trailing(); wrong != nil {
				return Row{}, newLineError(Row{Line: r.line()}, nil, wrong)
			}
		}
		if err != nil && !unusable(err) {
			return Row{}, err
		}
		row, err := r.row(record, err)
		if err == nil {
			r.suspects.count(&row, r.gateways.count(row.PG))
			if r.rows != nil && r.rows.isHidden(row.Line) {
				r.suspects.countHidden(row.Line)
			}
			return row, nil
		}
		if err != errBlank {
			return Row{}, newLineError(row, record, err)
		}
	}
}

// next returns the next record in UTF-8. If unusable holds for the error,
// record is the beginning of one that cannot be used.
func (r *Reader) next() ([]byte, error) {
	record, err := r.record()
	if err == errTooLong || err == errLongElement {
		record = whole(record)
	}
	return r.text.decode(record), err
}

// record returns the next record as it came. A final error says how far the
// reading came.
func (r *Reader) record() ([]byte, error) {
	if r.elements != nil {
		return r.elements.next()
	}
	record, err := r.records.next()
	r.noteLine()
	if err != nil && err != io.EOF && !unusable(err) {
		return nil, fmt.Errorf("line %d: %w", r.records.start, err)
	}
	return record, err
}

// line returns the line on which the record last returned starts.
func (r *Reader) line() int {
	if r.elements != nil {
		return r.elements.start
	}
	return r.records.start
}

// row returns the row that a record holds, or what can be read of it. If the
// record is unusable already, fault is why, and the error.
func (r *Reader) row(record []byte, fault error) (Row, error) {
	if fault == errTooLong || fault == errLongElement {
		return Row{Line: r.line()}, fault
	}
	row, err := r.parser.parse(record)
	row.Line = r.line()
	row.PG = r.gateways.parse(string(row.PG))
	row.Tier = cmp.Or(row.Tier, r.tier)
	if err == nil {
		err = validateNumber(row.ApplyNum)
	}
	if p, ok := r.parser.(*csvParser); ok && r.rows != nil && err == nil {
		err = r.rows.mergedAbove(row.Line, p.reads())
	}
	return row, cmp.Or(fault, err)
}

// peek returns the first 64 KiB of what is ahead, or all if it is less.
func peek(in *bufio.Reader) ([]byte, error) {
	head, err := in.Peek(headSize)
	if err == io.EOF {
		err = nil
	}
	return head, err
}
