package list

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// The bytes that separate cells.
const (
	// separators are what may separate the fields of a CSV, in the order in which
	// they are preferred where a list looks the same by several.
	separators = ",;\t|^"
	// unfilled is what a row without values is made of.
	unfilled = " \r\n\x1A" + separators
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
	rows    []header // up to the first payment, and some after
	data    int      // index of the first row with a payment, len(rows) if there is none
	headers []header // rows before it in which a column has the imp_uid's name
	glued   *header  // the first of them that holds an imp_uid, which is no header
	width   int      // columns of its widest row before the first payment
	fault   error    // why its first record cannot be used, nil if it can
}

// header is a row in which a column may have the imp_uid's name.
type header struct {
	comma    byte
	line     int
	columns  []string
	names    []string // of the columns, also from the rows around it, see addRows
	lines    []int    // on which its rows stand
	like     likeness
	payments int   // rows below with a payment in that column
	width    width // of the rows below
	err      error // two columns have the name
}

// search is what is known of a list whose header is looked for.
type search struct {
	head    []byte
	line    int    // on which head begins
	korean  bool   // it is CP949
	sheet   bool   // the records are rows of a sheet
	named   string // what is said about the imp_uid's column
	sep     byte   // what a sep= line names, 0 if there is none
	sepLine int    // where that is
}

// find returns the header, or else the line of the first imp_uid of a list of nothing else.
func (l search) find() (at *header, bare int, err error) {
	samples := l.samples()
	if best := bestHeader(samples); best != nil && best.err != nil {
		return nil, 0, fmt.Errorf("line %d: %w", best.line, best.err)
	} else if best != nil {
		return best, 0, nil
	}
	if first, ok := firstBare(samples); ok && l.named == "" {
		return nil, first, nil
	}
	return nil, 0, noHeader(samples, l.named)
}

// samples splits the beginning of a list by each separator, the one that a sep=
// line names first, and finds the headers.
func (l search) samples() []sample {
	commas := []byte(separators)
	if i := bytes.IndexByte(commas, l.sep); i > 0 {
		commas = slices.Concat([]byte{l.sep}, commas[:i], commas[i+1:])
	}
	all := make([]sample, len(commas))
	buffer := bufio.NewReaderSize(nil, len(l.head)+1)
	for i, comma := range commas {
		buffer.Reset(bytes.NewReader(l.head))
		records := newFramer(buffer, l.line, headSize)
		records.comma = comma
		all[i].comma = comma
		all[i].split(records, l)
		if len(l.head) == headSize {
			all[i].dropLast() // which may be cut
		}
		all[i].search(l.named)
	}
	return all
}

// split cuts the beginning of a list into rows.
func (s *sample) split(records framer, l search) {
	cells, text := newSplitter(s.comma, l.sheet), decoder{korean: l.korean}
	for len(s.rows) < maxRows {
		record, err := records.next()
		if err != nil && !unusable(err) {
			break
		}
		if err == errTooLong {
			record = whole(record)
		}
		record = text.decode(record)
		if records.start == l.sepLine || len(bytes.Trim(record, unfilled)) == 0 {
			continue
		}
		if err != nil {
			s.reject(record, newLineError(Row{Line: records.start}, record, err))
			continue
		}
		columns := cells.split(record)
		if empty(columns) {
			continue
		}
		s.rows = append(s.rows, header{comma: s.comma, line: records.start, columns: columns})
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
	cells := strings.FieldsFunc(string(record), func(r rune) bool { return strings.ContainsRune(separators+"\"\r\n", r) })
	return slices.ContainsFunc(cells, looksLikePayment)
}

// search finds the rows before the first payment in which a column has the
// imp_uid's name.
func (s *sample) search(named string) {
	worst := loose
	if named != "" {
		worst = spelled
	}
	for i, row := range s.rows[:min(s.data+1, maxAbove, len(s.rows))] {
		at, like, err := find(row.columns, namesOr(named), worst)
		if at < 0 {
			continue
		}
		holds := slices.ContainsFunc(row.columns, holdsImpUID)
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

// bestHeader returns the header of the list, nil if there is none: the one whose
// name matches best, then with most payments below it, then with most columns,
// then the first.
func bestHeader(samples []sample) *header {
	var best *header
	for i := range samples {
		for j := range samples[i].headers {
			if h := &samples[i].headers[j]; best == nil || h.better(best) {
				best = h
			}
		}
	}
	return best
}

func (h *header) better(than *header) bool {
	switch {
	case h.like != than.like:
		return h.like < than.like
	case h.payments != than.payments:
		return h.payments > than.payments
	}
	return h.filled() > than.filled()
}

// filled returns how many columns hold something.
func (h *header) filled() int {
	n := 0
	for _, column := range h.columns {
		if clean(column) != "" {
			n++
		}
	}
	return n
}

// firstBare returns the line of the first imp_uid of a list of nothing else.
func firstBare(samples []sample) (int, bool) {
	rows := samples[slices.IndexFunc(samples, func(s sample) bool { return s.comma == ',' })].rows
	if len(rows) > 0 && len(rows[0].columns) == 1 && looksLikePayment(rows[0].columns[0]) {
		return rows[0].line, true
	}
	return 0, false
}

// holdsLine returns the error for a header that holds an imp_uid.
func (h *header) holdsLine() error {
	i := slices.IndexFunc(h.columns, holdsImpUID)
	return fmt.Errorf("line %d: the header holds an imp_uid, %q: "+
		"a line end is missing before it, or it is an example that is to be taken out", h.line, cut(tidy(h.columns[i])))
}

// noHeader returns the error for a list without a header that can be used. It
// names the columns of the widest row that may be one.
func noHeader(samples []sample, column string) error {
	var best *header
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
		return fmt.Errorf("line %d: %w", best.line, missing(best.columns, column))
	case wrong != nil:
		return wrong
	}
	return errEmpty
}
