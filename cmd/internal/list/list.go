// Package list reads lists of payments whose cash receipts are to be revoked,
// as order systems, Excel and PortOne export them: CSV, workbooks, NDJSON or JSON,
// in UTF-8, UTF-16 or the EUC-KR of Korean Windows, compressed or not, clean or
// dirty, of any length. A line that cannot be used is reported with its number,
// and the rest is read.
//
// A list goes through its packages in this order: unpack and foreign, sheet, decode, frame
// or jsontext, header with naming, lines.
package list

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"receiptrevoker/cmd/internal/list/fault"
	"receiptrevoker/cmd/internal/list/frame"
	"receiptrevoker/cmd/internal/list/payment"
	"receiptrevoker/cmd/internal/list/sheet"
	"receiptrevoker/cmd/internal/list/unpack"
)

// ErrEmpty says that a list holds nothing but blanks and separators.
var ErrEmpty = fault.ErrEmpty

// ErrBroken matches the error of a list that cannot be read beyond some place, until it is
// mended or made again: one that is cut short or damaged, or no valid JSON.
var ErrBroken = fault.ErrBroken

// Reader reads a list row by row. It holds one record at a time, however long
// the list is.
type Reader struct {
	records  source
	held     *frame.Record // was read, and is to be returned once more
	lines    *frame.Reader // records, unless they are rows of a workbook or elements of JSON
	rows     *sheet.Rows   // records of a workbook, nil unless the list is one
	parser   parser
	gateways gateways
	suspects Suspects
	numbered bool // a row has an apply_num
	opts     Options

	unpacking *unpack.Stream // nil unless the list is compressed
	closed    bool
	header    []string
	layout    Layout
	above     []*LineError // payments above the header, which are still to be reported
	notes     []Note
	noted     struct{ marked, odd bool } // which notes there are of what may come again
}

// source yields the records of a list, however it is written.
type source interface {
	// Next returns the next record. If [frame.Unusable] holds for the error, that is the beginning of one that
	// cannot be used; any other is final.
	Next() (*frame.Record, error)
}

// parser makes a row of a record, whose PG is as it came. With an error
// it returns what could be read; [payment.ErrBlank] means that the record holds nothing.
type parser interface {
	Parse(record *frame.Record) (Row, error)
}

// Format returns how the list is written.
func (r *Reader) Format() Format { return r.layout.Format }

// Header returns the header of a CSV list as it came, in UTF-8. It is nil for
// JSON, and for a list of bare imp_uids.
func (r *Reader) Header() []string { return r.header }

// Layout returns how the list is written.
func (r *Reader) Layout() Layout { return r.layout }

// Suspects returns the counts of the rows read so far.
func (r *Reader) Suspects() Suspects {
	suspects := r.suspects
	if suspects.Nameless == suspects.Rows { // the list names no gateways
		suspects.Nameless, suspects.NamelessExamples = 0, nil
	}
	if r.numbered {
		suspects.Unread = ""
	}
	return suspects
}

// UnknownGateways returns the gateways that are not known, of the rows read so
// far, the most frequent first, and how many rows have others: at most 256
// spellings of up to 200 bytes are told apart. Their receipts go to the queue of no gateway.
func (r *Reader) UnknownGateways() (unknown []UnknownGateway, others int) {
	for pg, lines := range r.gateways.unknown {
		if lines > 0 {
			unknown = append(unknown, UnknownGateway{string(pg), lines})
		}
	}
	slices.SortFunc(unknown, func(a, b UnknownGateway) int {
		return cmp.Or(b.Lines-a.Lines, strings.Compare(a.Name, b.Name))
	})
	return unknown, r.gateways.others
}

// Read returns the next row. The error is [io.EOF] at the end of the list; a
// [*LineError] if a line cannot be used, after which Read continues with the
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
			if wrong := r.unpacking.Trailing(); wrong != nil {
				return Row{}, payment.NewLineError(Row{Line: record.Line}, nil, wrong)
			}
		}
		if err != nil && !frame.Unusable(err) {
			return Row{}, err
		}
		row, err := r.row(record, err)
		if err == nil {
			r.numbered = r.numbered || row.ApplyNum != ""
			r.suspects.count(&row, r.gateways.count(row.PG), record.Hidden)
			return row, nil
		}
		if err != payment.ErrBlank {
			return Row{}, payment.NewLineError(row, record.Text, err)
		}
	}
}

// next returns the next record. A final error says how far the reading came.
func (r *Reader) next() (*frame.Record, error) {
	if held := r.held; held != nil {
		r.held = nil
		return held, nil
	}
	record, err := r.records.Next()
	if r.lines != nil {
		r.noteLine()
	}
	if err != nil && err != io.EOF && !frame.Unusable(err) && r.layout.Format != JSON {
		err = fmt.Errorf("line %d: %w", record.Line, err)
	}
	return record, err
}

// row returns the row that a record holds, or what can be read of it. If the
// record is unusable already, fault is why, and the error.
func (r *Reader) row(record *frame.Record, fault error) (Row, error) {
	if fault == frame.ErrTooLong || fault == frame.ErrLongElement {
		return Row{Line: record.Line}, fault
	}
	row, err := r.parser.Parse(record)
	row.PG = r.gateways.parse(string(row.PG))
	row.Tier = cmp.Or(row.Tier, r.opts.Tier)
	return row, cmp.Or(fault, err)
}

// Notes returns what was found up to the line last read, in the order of the
// lines: rows above the header, a sep= line, odd line ends, a byte-order mark in
// the middle. There are at most 100; each kind that could come on every line is
// noted once.
func (r *Reader) Notes() []Note { return r.notes }

// maxNotes bounds how many notes are kept.
const maxNotes = 100

// Note is something about a list that a person should know although every line
// around it was read.
type Note struct {
	// Line is the line of the file that it is about, from 1.
	Line int
	// Text says what is there, and what was made of it.
	Text string
}

// note keeps a note, unless there are too many.
func (r *Reader) note(line int, text string) {
	if len(r.notes) < maxNotes {
		r.notes = append(r.notes, Note{line, text})
	}
}

// noteLine notes what is odd about the line that was just read.
func (r *Reader) noteLine() {
	f := r.lines
	if f.MarkedLine > 0 && !r.noted.marked {
		r.noted.marked = true
		r.note(f.MarkedLine, "a byte-order mark stands here, as where files are put together")
	}
	if f.OddLine > 0 && !r.noted.odd {
		r.noted.odd = true
		text := "the line ends in CR alone, unlike those before: what follows was read as the next line"
		if f.LineEnd == '\r' {
			text = "the line ends in LF, those before in CR alone"
		}
		r.note(f.OddLine, text)
	}
}
