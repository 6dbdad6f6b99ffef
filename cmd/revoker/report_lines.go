package main

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"receiptrevoker/cmd/internal/list"
	"receiptrevoker/tasks/outcome"
)

// duplicateTexts say in a report why a line asks for nothing of its own.
var duplicateTexts = map[outcome.Kind]string{
	outcome.KindRepeated:  "repeated",
	outcome.KindElsewhere: "elsewhere",
}

// reportLines writes the lines of a report: NDJSON for a list in JSON, else CSV.
type reportLines struct {
	buffer  *bufio.Writer
	csv     *csv.Writer // nil for NDJSON
	bare    bool        // the list has no header: its lines' numbers stand for it
	columns int         // of the list itself
}

func newReportLines(out io.Writer, reader *list.Reader, bom bool) *reportLines {
	l := &reportLines{buffer: bufio.NewWriter(out)}
	if format := reader.Format(); format == list.NDJSON || format == list.JSON {
		return l
	}
	own := reader.Header()
	if own == nil {
		own, l.bare = []string{"line"}, true
	}
	header := slices.Clone(own)
	for _, name := range append(outcome.Fields(), "duplicate") {
		if slices.ContainsFunc(own, func(column string) bool { return strings.EqualFold(strings.TrimSpace(column), name) }) {
			name = "outcome_" + name // the list has such a column of its own
		}
		header = append(header, name)
	}
	if bom {
		_, _ = l.buffer.WriteString(byteOrderMark) // a failure stays, and is found by flush
	}
	l.csv, l.columns = csv.NewWriter(l.buffer), len(own)
	_ = l.csv.Write(inertAll(header))
	return l
}

// line writes one line.
func (l *reportLines) line(line reportLine) error {
	row, duplicate := line.row, duplicateTexts[line.result.Kind]
	if l.csv == nil {
		if !json.Valid(row.Raw) {
			row.Raw = nil
		}
		return printJSON(l.buffer, struct {
			Line      int             `json:"line"`
			Asked     json.RawMessage `json:"asked,omitempty"`
			Outcome   outcome.Outcome `json:"outcome"`
			Duplicate string          `json:"duplicate,omitempty"`
		}{row.Line, row.Raw, line.outcome, duplicate})
	}
	own := row.Columns
	if l.bare {
		own = []string{strconv.Itoa(row.Line)}
	}
	record := append(make([]string, 0, l.columns+len(outcome.Fields())+1), own[:min(len(own), l.columns)]...)
	for len(record) < l.columns {
		record = append(record, "")
	}
	record = append(append(record, line.outcome.Values()...), duplicate)
	return l.csv.Write(inertAll(record))
}

// flush writes what is left, and returns the first failure of all.
func (l *reportLines) flush() error {
	if l.csv != nil {
		l.csv.Flush()
		return errors.Join(l.csv.Error(), l.buffer.Flush())
	}
	return l.buffer.Flush()
}
