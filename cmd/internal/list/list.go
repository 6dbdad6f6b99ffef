// Package list reads lists of payments whose cash receipts are to be revoked, as order systems, Excel
// and PortOne export them: CSV, workbooks, NDJSON or JSON, in UTF-8, UTF-16 or the EUC-KR of Korean
// Windows, compressed or not, clean or dirty, of any length.
//
// A revocation is final, so a line that may be read in two ways is not guessed at: it is reported with
// its number, and the rest of the list is read. No line is dropped without a report.
//
// A list goes through its packages in this order:
//
//	unpack             takes off gzip and zstd
//	foreign            refuses files that are no list, and says what to do with them
//	sheet              reads the rows of a workbook
//	decode             turns a text into UTF-8
//	frame, jsontext    cut a text into records: lines of a CSV, elements of JSON
//	header, naming     find out which column or key holds what
//	lines              makes a payment of each record, or says why it is none
//
// The arrows test of package tasks says which of them may import which.
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

// Reader reads a list row by row. It holds one record at a time, however long the list is: a million
// lines take no more memory than a few. It is for one goroutine.
type Reader struct {
	// records are the lines, rows or elements of the list, in their order.
	records source
	// held is the first line of a list without a header. It was read while the header was looked for, and
	// the first Read returns it.
	held *frame.Record
	// lines is records once more where that cuts lines, whose odd line ends and byte-order marks are
	// noted; nil for the rows of a workbook and the elements of JSON.
	lines *frame.Reader
	// rows is records once more where the list is a workbook, nil for others. Close frees them.
	rows     *sheet.Rows
	parser   parser
	gateways gateways
	suspects Suspects
	// numbered says that a row had an apply_num. Then the column of the receipts' numbers was found, and a
	// column with a doubtful name is no reason to ask a person, see [Suspects].Unread.
	numbered bool
	opts     Options

	// unpacking is nil unless the list is compressed. Its methods take nil.
	unpacking *unpack.Stream
	closed    bool
	header    []string
	columns   int // see Columns
	layout    Layout
	// above are payments above the header, each of which the next Read reports before any row.
	above []*LineError
	notes []Note
	// noted says which notes there are of what may come again on every line: each is given once.
	noted struct{ marked, odd bool }
}

// source yields the records of a list, however it is written: [frame.Reader], [sheet.Rows] or
// jsontext.Elements.
type source interface {
	// Next returns the next record. If [frame.Unusable] holds for the error, that is the beginning of one that
	// cannot be used; any other is final.
	Next() (*frame.Record, error)
}

// parser makes a row of a record: lines.CSV or lines.JSON. The row's PG is as it came, and with an
// error the row is what could be read of the record. [payment.ErrBlank] means that the record holds
// nothing.
type parser interface {
	Parse(record *frame.Record) (Row, error)
}

// Format returns how the list is written.
func (r *Reader) Format() Format { return r.layout.Format }

// Header returns the header of a CSV or a workbook as it came, in UTF-8: cmd/revoker/report.go writes
// it back above the outcomes. It is nil for JSON, and for a list of bare imp_uids.
func (r *Reader) Header() []string { return r.header }

// Columns returns how many columns the header and most rows of a CSV or a workbook have: more than the
// header where the last have no name. It is 0 where Header is nil.
func (r *Reader) Columns() int { return r.columns }

// Layout returns how the list is written.
func (r *Reader) Layout() Layout { return r.layout }

// Suspects returns the counts of the rows read so far. They are final once Read has returned [io.EOF]:
// of a pipe `bulk` judges by the first 1,000 lines, and again at the end.
func (r *Reader) Suspects() Suspects {
	suspects := r.suspects
	// The list names no gateways at all, as one without their column: that is no oversight.
	if suspects.Nameless == suspects.Rows {
		suspects.Nameless, suspects.NamelessExamples = 0, nil
	}
	// The receipts' numbers were found elsewhere.
	if r.numbered {
		suspects.Unread = ""
	}
	return suspects
}

// UnknownGateways returns the gateways that are not known, of the rows read so far, the most frequent
// first, and how many rows have others: at most 256 spellings of up to 200 bytes are told apart. Their
// receipts go to the queue of no gateway.
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

// Read returns the next row, which stays valid after the next call. The error is [io.EOF] at the end of
// the list; a [*LineError] if a line cannot be used, after which Read continues with the next; or
// whatever the underlying reader returned, after which every call returns that again. It matches
// [ErrBroken] if the list itself is at fault.
func (r *Reader) Read() (Row, error) {
	// These lines come before all others in the file, so they are reported first.
	if len(r.above) > 0 {
		err := r.above[0]
		r.above = r.above[1:]
		return Row{}, err
	}
	for {
		record, err := r.next()
		if err == io.EOF {
			// Bytes behind the compressed data may be a part of the list: they count as one more line that
			// cannot be used, so that the exit code is not 0. Trailing tells of them once.
			if wrong := r.unpacking.Trailing(); wrong != nil {
				return Row{}, payment.NewLineError(Row{Line: record.Line}, nil, wrong)
			}
		}
		if err != nil && !frame.Unusable(err) {
			return Row{}, err
		}
		// A record that is unusable is parsed all the same: the error then names its imp_uid.
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

// next returns the next record. A final error names the line at which the reading ended. Errors of JSON
// name it already, see package jsontext.
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

// row returns the row that a record holds, or what can be read of it. If the record is unusable
// already, fault is why, and the error: it says more than what the parser finds in half a record.
func (r *Reader) row(record *frame.Record, fault error) (Row, error) {
	// The record was cut at 1 MiB: a value at the cut would be taken for a whole one.
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

// maxNotes bounds how many notes are kept. Keys of JSON that are not read alone may be 1,000, see
// [naming.Fields].
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

// noteLine notes what is odd about the line that was just read. In files that were put together that
// may be every line, so only the first of each kind is noted.
func (r *Reader) noteLine() {
	f := r.lines
	if f.MarkedLine > 0 && !r.noted.marked {
		r.noted.marked = true
		r.note(f.MarkedLine, "a byte-order mark stands here, as where files are put together")
	}
	if f.OddLine > 0 && !r.noted.odd {
		r.noted.odd = true
		// What follows the CR may have been meant as a part of the same line: a person should look.
		text := "the line ends in CR alone, unlike those before: what follows was read as the next line"
		if f.LineEnd == '\r' {
			text = "the line ends in LF, those before in CR alone"
		}
		r.note(f.OddLine, text)
	}
}
