// Package header finds the header of a CSV or a sheet, by its names and the rows around it, and what
// the rows below it have in common. All later lines are judged by what is found here.
package header

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"regexp"
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
	// maxAbove is how many rows are searched for the header, below a list's title. A payment above them
	// ends the search.
	maxAbove = 30
	// MaxRows is how many rows are looked at: those that may be above the header, and as many below.
	MaxRows = 2 * maxAbove
)

// sample is the beginning of a list, split by one separator. Which one separates the list is not known:
// each is tried, and the best header decides.
type sample struct {
	comma byte
	// rows are those up to the first payment, and some after.
	rows []Header
	// data is the index of the first row with a payment, len(rows) if there is none.
	data int
	// headers are the rows before it in which a column has the imp_uid's name.
	headers []Header
	// glued is the first of them that holds an imp_uid, which is no header.
	glued *Header
	// width is how many columns the first record has, if that cannot be used; else 0.
	width int
	// fault is why the first record cannot be used, nil if it can.
	fault error
}

// Search is what is known of a list whose header is looked for: Head, Line and Text of a text, or Rows
// of a sheet.
type Search struct {
	// Head is the first 64 KiB of the list, or all of it, in the encoding that Text reads.
	Head []byte
	// Line is the one on which Head begins.
	Line int
	Text decode.Decoder
	// Rows are the first of a sheet.
	Rows []*frame.Record
	// Named is what is said about the imp_uid's column, "" if nothing is.
	Named string
}

// Find returns the header, one without a line for a list of nothing but imp_uids. The error says what
// is there instead, and what to do; it is fault.ErrEmpty if nothing is there.
func (l Search) Find() (*Header, error) {
	samples := l.samples()
	best := bestHeader(samples)
	switch {
	case best != nil && best.err != nil:
		return nil, fmt.Errorf("line %d: %w", best.Line, best.err)
	case best != nil:
		return best, nil
	// With --column a column of that name has to be there.
	case l.Named == "":
		if best = bare(samples); best != nil {
			return best, nil
		}
	}
	return nil, noHeader(samples, l.Named)
}

// sepPattern is the line by which Excel is told the separator, as it comes back
// from tools that took it for data, too.
var sepPattern = regexp.MustCompile(`(?i)^(?:\xEF\xBB\xBF)?"?sep=([,;\t|^])"?[,;\t|^ ]*[\r\n]`)

// SeparatorLine returns the line that says what separates the columns, 0 if the first does not.
func (l Search) SeparatorLine() int {
	if sepPattern.Match(l.Head) {
		return l.Line
	}
	return 0
}

// samples splits the beginning of a list by each separator, the one that a sep= line names first, and
// finds the headers. A sep= line may be wrong: it decides only between headers that are equally good.
func (l Search) samples() []sample {
	if l.Rows != nil {
		s := sample{comma: ','}
		for _, row := range l.Rows {
			s.add(row, row.TooLong())
		}
		s.search(l.Named)
		return []sample{s}
	}
	commas := []byte(plain.Separators)
	if found := sepPattern.FindSubmatch(l.Head); found != nil {
		i := bytes.IndexByte(commas, found[1][0])
		commas = slices.Concat(found[1], commas[:i], commas[i+1:])
	}
	all := make([]sample, len(commas))
	buffer := bufio.NewReaderSize(nil, len(l.Head)+1)
	for i, comma := range commas {
		buffer.Reset(bytes.NewReader(l.Head))
		records := frame.NewReader(buffer, l.Line, decode.HeadSize)
		records.Use(l.Text, comma)
		all[i].comma = comma
		all[i].split(records, l.SeparatorLine())
		if len(l.Head) == decode.HeadSize {
			// The last line of a head of 64 KiB may be cut, and with it an imp_uid.
			all[i].dropLast()
		}
		all[i].search(l.Named)
	}
	return all
}

// split cuts the beginning of a list into rows, as many as are looked at.
func (s *sample) split(records *frame.Reader, sepLine int) {
	for len(s.rows) < MaxRows {
		record, err := records.Next()
		if err != nil && !frame.Unusable(err) {
			break
		}
		if record.Line != sepLine {
			s.add(record, err)
		}
	}
}

// add takes in a record, unless it holds nothing. wrong is why it cannot be used, nil if it can: such a
// record is left out, but the first one is remembered, since it may be the header.
func (s *sample) add(record *frame.Record, wrong error) {
	switch {
	case len(bytes.Trim(record.Text, plain.Unfilled)) == 0:
	case wrong != nil && len(s.rows) == 0 && s.fault == nil:
		s.fault = payment.NewLineError(payment.Row{Line: record.Line}, record.Text, wrong)
		s.width = 1 + bytes.Count(record.Text, []byte{s.comma})
	case wrong == nil && !plain.Empty(record.Cells):
		s.rows = append(s.rows, Header{Comma: s.comma, Line: record.Line, Columns: record.Cells})
		if s.data == len(s.rows)-1 && !holdsPayment(record.Text) {
			s.data++
		}
	}
}

// dropLast drops the last row, unless it is the only one or there are more than are looked at.
func (s *sample) dropLast() {
	if n := len(s.rows); n > 1 && n < MaxRows {
		s.rows = s.rows[:n-1]
		s.data = min(s.data, n-1)
	}
}

// holdsPayment reports whether a value of record is an imp_uid as PortOne makes them, whichever
// separator splits it: where the payments begin must not depend on the separator that is tried.
func holdsPayment(record []byte) bool {
	separates := func(r rune) bool { return strings.ContainsRune(plain.Separators+"\"\r\n", r) }
	cells := strings.FieldsFunc(string(record), separates)
	return slices.ContainsFunc(cells, impuid.Is)
}

// search finds the rows before the first payment in which a column has the imp_uid's name. With
// --column it has to be spelled so.
func (s *sample) search(named string) {
	worst := naming.Loose
	if named != "" {
		worst = naming.Spelled
	}
	for i, row := range s.rows[:min(s.data+1, maxAbove, len(s.rows))] {
		at, like, err := naming.Find(row.Columns, naming.Names(named)[naming.ImpUIDField], worst)
		if at < 0 {
			continue
		}
		// The row of the first payment is searched too: a header with an imp_uid glued to it looks like that.
		holds := slices.ContainsFunc(row.Columns, impuid.In)
		if holds {
			s.glued = cmp.Or(s.glued, &row)
		}
		if holds || i == s.data {
			continue
		}
		row.addRows(s.rows, i, at, named)
		row.like = like
		// The other columns may be named with additions, also where --column says the imp_uid's.
		if row.Found, row.err = naming.Locate(row.Names, named, naming.Loose); err != nil {
			row.err = err
		}
		row.judge(s.rows[i+1:], at)
		s.headers = append(s.headers, row)
	}
}

// bare returns what serves as the header of a list of nothing but imp_uids, nil for another list. Its
// lines may have no second cell: nothing says what that would be.
func bare(samples []sample) *Header {
	rows := samples[slices.IndexFunc(samples, func(s sample) bool { return s.comma == ',' })].rows
	if len(rows) == 0 || len(rows[0].Columns) > 1 || !impuid.Is(rows[0].Columns[0]) {
		return nil
	}
	return &Header{
		Comma: ',', First: rows[0].Line, Found: naming.Columns{naming.ImpUIDField: {0}}, Payments: 1, Width: Width{1, 1, 1},
	}
}

// noHeader returns the error for a list without a header that can be used. It names the columns of the
// widest row that may be one, by whichever separator: a title has one cell, a header several.
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
			if n := filled(s.rows[j].Columns); n > width {
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
