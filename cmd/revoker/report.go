package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"receiptrevoker/cmd/internal/list"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks/outcome"
)

// reportPage is how many outcomes are read in one round trip.
const reportPage = 500

// reportSettings say where a report goes, and how.
type reportSettings struct {
	file string
	bom  bool
}

// reportFile is a file that a list is written to with its outcomes.
type reportFile struct {
	*outputFile
	bom bool
}

// createReport begins a report. It fails early where the file could not be
// written in the end.
func (p *program) createReport(s reportSettings) (*reportFile, error) {
	file, err := p.createOutput(s.file)
	if err != nil {
		return nil, fmt.Errorf("the report cannot be written: %w", err)
	}
	return &reportFile{file, s.bom}, nil
}

// reporter writes the list of a batch with its outcomes, in the list's order.
type reporter struct {
	batch    *enqueue.Batch
	outcomes *outcome.Store
	wrong    *enqueue.Contradictions // of the list; nil where they are not known
}

// writeFile writes a report and completes its file.
func (r reporter) writeFile(ctx context.Context, reader *list.Reader, file *reportFile) error {
	if err := r.write(ctx, reader, newReportLines(file, reader, file.bom)); err != nil {
		return err
	}
	if err := file.complete(); err != nil {
		return fmt.Errorf("the report cannot be written: %w", err)
	}
	return nil
}

// reportLine is one line of the list, and what is known of it.
type reportLine struct {
	row     list.Row
	result  enqueue.LineResult
	outcome outcome.Outcome
}

// write writes a report. However long the list is, few lines are held at a time.
func (r reporter) write(ctx context.Context, reader *list.Reader, to *reportLines) error {
	var ahead []list.Row // read, and not yet compared
	source := &lineReader{list: reader, wrong: r.wrong, onRow: func(row list.Row) { ahead = append(ahead, row) }}
	source.lookAhead()
	page := make([]reportLine, 0, reportPage)
	for result, err := range r.batch.Compare(ctx, source.lines) {
		if err != nil {
			return cmp.Or(source.err, otherList(err))
		}
		page = append(page, reportLine{row: ahead[0], result: result})
		ahead = ahead[1:]
		if len(page) == reportPage {
			if err := r.writePage(ctx, to, page); err != nil {
				return err
			}
			page = page[:0]
		}
	}
	if source.err != nil {
		return source.err
	}
	if err := r.writePage(ctx, to, page); err != nil {
		return err
	}
	if err := to.flush(); err != nil {
		return fmt.Errorf("the report cannot be written: %w", err)
	}
	return nil
}

// otherList says of a list that is not the batch's what may have made another of it.
func otherList(err error) error {
	var other *enqueue.MismatchError
	if errors.As(err, &other) {
		return fmt.Errorf("%w; was --pg, --tier, --column or --sheet given to 'revoker bulk'? give it here, too", err)
	}
	return err
}

// writePage reads the outcomes of a page's lines and writes both.
func (r reporter) writePage(ctx context.Context, to *reportLines, page []reportLine) error {
	impUIDs := make([]string, len(page))
	for i, line := range page {
		impUIDs[i] = line.row.ImpUID
	}
	i := 0
	for o, err := range r.outcomes.Each(ctx, impUIDs) {
		var corrupt *outcome.CorruptError
		if err != nil && !errors.As(err, &corrupt) {
			return err
		}
		page[i].outcome = reported(page[i].result, o, err)
		if err := to.line(page[i]); err != nil {
			return fmt.Errorf("the report cannot be written: %w", err)
		}
		i++
	}
	return nil
}

// reported returns what a report shows of a line.
func reported(result enqueue.LineResult, o outcome.Outcome, err error) outcome.Outcome {
	switch {
	case result.Invalid != nil:
		return outcome.Outcome{ImpUID: result.ImpUID, Status: invalid, Message: result.Invalid.Error()}
	case errors.Is(err, outcome.ErrNotFound) && result.Kind != 0:
		return outcome.Outcome{ImpUID: result.ImpUID, PG: result.PG, Status: outcome.Queued}
	case errors.Is(err, outcome.ErrNotFound):
		return outcome.Outcome{ImpUID: result.ImpUID, PG: result.PG, Status: unknown}
	case err != nil:
		return outcome.Outcome{ImpUID: result.ImpUID, Status: corrupt, Message: err.Error()}
	}
	return o
}

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

// byteOrderMark tells Excel that a CSV is UTF-8.
const byteOrderMark = "\uFEFF"

// plainNumber is what a spreadsheet takes for a number, and nothing else.
var plainNumber = regexp.MustCompile(`^[+-]?[0-9]+(\.[0-9]+)?$`)

// inert returns a CSV value such that no spreadsheet runs it as a formula: a
// gateway's message is written by others. What a spreadsheet would run gets an
// apostrophe before it, which shows as text. Plain numbers, such as -5, stay.
func inert(value string) string {
	if value == "" || !strings.ContainsRune("=+-@\t\r", rune(value[0])) || plainNumber.MatchString(value) {
		return value
	}
	return "'" + value
}

// inertAll makes a record inert in place and returns it.
func inertAll(record []string) []string {
	for i, value := range record {
		record[i] = inert(value)
	}
	return record
}
