// Package header finds the header of a CSV, by its names and the rows around it.
package header

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"receiptrevoker/cmd/internal/list/decode"
	"receiptrevoker/cmd/internal/list/fault"
	"receiptrevoker/cmd/internal/list/frame"
	"receiptrevoker/cmd/internal/list/impuid"
	"receiptrevoker/cmd/internal/list/naming"
	"receiptrevoker/cmd/internal/list/payment"
	"receiptrevoker/cmd/internal/list/plain"
)

const (
	// maxAbove is how many rows are searched for the header, below a list's title.
	maxAbove = 30
	// maxRows is how many rows are looked at.
	maxRows = 2 * maxAbove
)

// sample is the beginning of a list, split by one separator.
type sample struct {
	comma   byte
	rows    []Header // up to the first payment, and some after
	data    int      // index of the first row with a payment, len(rows) if there is none
	headers []Header // rows before it in which a column has the imp_uid's name
	glued   *Header  // the first of them that holds an imp_uid, which is no header
	width   int      // columns of its widest row before the first payment
	fault   error    // why its first record cannot be used, nil if it can
}

// Search is what is known of a list whose header is looked for.
type Search struct {
	Head    []byte
	Line    int    // on which head begins
	Korean  bool   // it is CP949
	Sheet   bool   // the records are rows of a sheet
	Named   string // what is said about the imp_uid's column
	Sep     byte   // what a sep= line names, 0 if there is none
	SepLine int    // where that is
}

// Find returns the header, or else the line of the first imp_uid of a list of nothing else.
func (l Search) Find() (at *Header, bare int, err error) {
	samples := l.samples()
	if best := bestHeader(samples); best != nil && best.err != nil {
		return nil, 0, fmt.Errorf("line %d: %w", best.Line, best.err)
	} else if best != nil {
		return best, 0, nil
	}
	if first, ok := firstBare(samples); ok && l.Named == "" {
		return nil, first, nil
	}
	return nil, 0, noHeader(samples, l.Named)
}

// samples splits the beginning of a list by each separator, the one that a sep=
// line names first, and finds the headers.
func (l Search) samples() []sample {
	commas := []byte(plain.Separators)
	if i := bytes.IndexByte(commas, l.Sep); i > 0 {
		commas = slices.Concat([]byte{l.Sep}, commas[:i], commas[i+1:])
	}
	all := make([]sample, len(commas))
	buffer := bufio.NewReaderSize(nil, len(l.Head)+1)
	for i, comma := range commas {
		buffer.Reset(bytes.NewReader(l.Head))
		records := frame.NewReader(buffer, l.Line, decode.HeadSize)
		records.Comma = comma
		all[i].comma = comma
		all[i].split(records, l)
		if len(l.Head) == decode.HeadSize {
			all[i].dropLast() // which may be cut
		}
		all[i].search(l.Named)
	}
	return all
}

// split cuts the beginning of a list into rows.
func (s *sample) split(records frame.Reader, l Search) {
	cells, text := frame.NewSplitter(s.comma, l.Sheet), decode.Decoder{Korean: l.Korean}
	for len(s.rows) < maxRows {
		record, err := records.Next()
		if err != nil && !frame.Unusable(err) {
			break
		}
		if err == frame.ErrTooLong {
			record = decode.Whole(record)
		}
		record = text.Decode(record)
		if records.Start == l.SepLine || len(bytes.Trim(record, plain.Unfilled)) == 0 {
			continue
		}
		if err != nil {
			s.reject(record, payment.NewLineError(payment.Row{Line: records.Start}, record, err))
			continue
		}
		columns := cells.Split(record)
		if plain.Empty(columns) {
			continue
		}
		s.rows = append(s.rows, Header{Comma: s.comma, Line: records.Start, Columns: columns})
		if s.data == len(s.rows)-1 && !holdsPayment(record) {
			s.data++
		}
	}
}

// dropLast drops the last row, unless it is the only one or there are more than
// are looked at.
func (s *sample) dropLast() {
	if n := len(s.rows); n > 1 && n < maxRows {
		s.rows = s.rows[:n-1]
		s.data = min(s.data, n-1)
	}
}

// reject keeps why the first record cannot be used.
func (s *sample) reject(record []byte, err error) {
	if len(s.rows) == 0 && s.fault == nil {
		s.fault, s.width = err, 1+bytes.Count(record, []byte{s.comma})
	}
}

// holdsPayment reports whether a value of record is an imp_uid as PortOne makes
// them, whichever separator splits it.
func holdsPayment(record []byte) bool {
	separates := func(r rune) bool { return strings.ContainsRune(plain.Separators+"\"\r\n", r) }
	cells := strings.FieldsFunc(string(record), separates)
	return slices.ContainsFunc(cells, impuid.Is)
}

// search finds the rows before the first payment in which a column has the
// imp_uid's name.
func (s *sample) search(named string) {
	worst := naming.Loose
	if named != "" {
		worst = naming.Spelled
	}
	for i, row := range s.rows[:min(s.data+1, maxAbove, len(s.rows))] {
		at, like, err := naming.Find(row.Columns, naming.NamesOr(named), worst)
		if at < 0 {
			continue
		}
		holds := slices.ContainsFunc(row.Columns, impuid.In)
		if holds {
			s.glued = cmp.Or(s.glued, &row)
		}
		if holds || i == s.data {
			continue
		}
		row.like, row.err = like, err
		row.addRows(s.rows, i, at, named)
		row.judge(s.rows[i+1:], at)
		s.headers = append(s.headers, row)
	}
}

// firstBare returns the line of the first imp_uid of a list of nothing else.
func firstBare(samples []sample) (int, bool) {
	rows := samples[slices.IndexFunc(samples, func(s sample) bool { return s.comma == ',' })].rows
	if len(rows) > 0 && len(rows[0].Columns) == 1 && impuid.Is(rows[0].Columns[0]) {
		return rows[0].Line, true
	}
	return 0, false
}

// noHeader returns the error for a list without a header that can be used. It
// names the columns of the widest row that may be one.
func noHeader(samples []sample, column string) error {
	var best *Header
	var wrong error
	width := 0
	for i := range samples {
		s := &samples[i]
		if s.glued != nil {
			return s.glued.holdsLine()
		}
		if s.fault != nil && s.width > width {
			best, wrong, width = nil, s.fault, s.width
		}
		for j := range s.rows[:min(s.data+1, maxAbove, len(s.rows))] {
			if n := s.rows[j].filled(); n > width {
				best, wrong, width = &s.rows[j], nil, n
			}
		}
	}
	switch {
	case best != nil:
		return fmt.Errorf("line %d: %w", best.Line, missing(best.Columns, column))
	case wrong != nil:
		return wrong
	}
	return fault.ErrEmpty
}
