package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"receiptrevoker/cmd/internal/list"
	"receiptrevoker/tasks/outcome"
)

// invalid is the status of a line that could not be used.
const invalid outcome.Status = "invalid"

// reportPage is how many outcomes are read in one round trip.
const reportPage = 500

// report is a file that a list is written to with its outcomes.
type report struct{ *partFile }

// createReport begins a report, or returns nil without a name. It fails early
// where the file could not be written in the end.
func createReport(name string) (*report, error) {
	if name == "" {
		return nil, nil
	}
	file, err := createPart(name)
	if err != nil {
		return nil, fmt.Errorf("the report cannot be written: %w", err)
	}
	return &report{file}, nil
}

// abandon removes a report that was not completed.
func (r *report) abandon() {
	if r != nil {
		r.partFile.abandon()
	}
}

// write writes the list with its outcomes, in the list's order.
func (r *report) write(ctx context.Context, reader *list.Reader, store *outcome.Store) error {
	buffer := bufio.NewWriter(r.file)
	lines := newReportLines(buffer, reader)
	page := make([]reportLine, 0, reportPage)
	for row, err := range rows(reader) {
		line := reportLine{row: row}
		var bad *list.LineError
		if errors.As(err, &bad) {
			line.row, line.bad = bad.Row, bad
		} else if err != nil {
			return err
		}
		if page = append(page, line); len(page) == reportPage {
			if err := lines.write(ctx, store, page); err != nil {
				return err
			}
			page = page[:0]
		}
	}
	if err := lines.write(ctx, store, page); err != nil {
		return err
	}
	err := buffer.Flush()
	if err == nil {
		err = r.complete()
	}
	if err != nil {
		return fmt.Errorf("the report cannot be written: %w", err)
	}
	return nil
}

// reportLine is one line of the list.
type reportLine struct {
	row list.Row
	bad *list.LineError
}

// reportLines writes pages of lines in the format of the list.
type reportLines struct {
	csv     *csv.Writer
	json    io.Writer // instead of csv
	bare    bool      // the list has no header: its lines' numbers stand for it
	columns int       // of the list itself
}

func newReportLines(w io.Writer, reader *list.Reader) *reportLines {
	if reader.Format() == list.NDJSON {
		return &reportLines{json: w}
	}
	own, bare := reader.Header(), false
	if own == nil {
		own, bare = []string{"line"}, true
	}
	header := slices.Clone(own)
	for _, name := range outcome.Fields() {
		if slices.ContainsFunc(own, func(column string) bool { return strings.EqualFold(strings.TrimSpace(column), name) }) {
			name = "outcome_" + name // the list has such a column of its own
		}
		header = append(header, name)
	}
	l := &reportLines{csv: csv.NewWriter(w), bare: bare, columns: len(own)}
	_ = l.csv.Write(header) // a failure stays, and is found at the end of the page
	return l
}

// write reads the outcomes of a page's lines and writes both.
func (l *reportLines) write(ctx context.Context, store *outcome.Store, page []reportLine) error {
	impUIDs := make([]string, len(page))
	for i, line := range page {
		impUIDs[i] = line.row.ImpUID
	}
	outcomes, err := store.Many(ctx, impUIDs)
	if err != nil {
		return err
	}
	for i, line := range page {
		o := outcomes[i]
		switch {
		case line.bad != nil:
			o = outcome.Outcome{ImpUID: line.row.ImpUID, Status: invalid, Message: line.bad.Error()}
		case o.Status == "":
			o.Status = outcome.Queued
		}
		if err := l.line(line.row, o); err != nil {
			return fmt.Errorf("the report cannot be written: %w", err)
		}
	}
	if l.csv == nil {
		return nil
	}
	l.csv.Flush()
	return l.csv.Error()
}

func (l *reportLines) line(row list.Row, o outcome.Outcome) error {
	if l.csv == nil {
		if !json.Valid(row.Raw) {
			row.Raw = nil
		}
		return printJSON(l.json, struct {
			Line    int             `json:"line"`
			Asked   json.RawMessage `json:"asked,omitempty"`
			Outcome outcome.Outcome `json:"outcome"`
		}{row.Line, row.Raw, o})
	}
	own := row.Columns
	if l.bare {
		own = []string{strconv.Itoa(row.Line)}
	}
	record := append(make([]string, 0, l.columns+len(outcome.Fields())), own[:min(len(own), l.columns)]...)
	for len(record) < l.columns {
		record = append(record, "")
	}
	return l.csv.Write(inertAll(append(record, o.Values()...)))
}
