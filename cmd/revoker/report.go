package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"receiptrevoker/cmd/internal/list"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks/outcome"
)

// reportPage is how many outcomes are read from Redis at once, and how many lines of a report wait for
// them in memory.
const reportPage = 500

// reportSettings say where a report goes, and whether it begins with a byte-order mark. file is "-" for
// standard output.
type reportSettings struct {
	file string
	bom  bool
}

// reportFile is a file to which a list is written with its outcomes.
type reportFile struct {
	*outputFile
	bom bool
}

// createReport begins a report before the list is requested and waited for: a folder that is missing
// is found at once, and not after a night. The caller defers abandon.
func (p *program) createReport(s reportSettings) (*reportFile, error) {
	file, err := p.createOutput(s.file)
	if err != nil {
		return nil, fmt.Errorf("the report cannot be written: %w", err)
	}
	return &reportFile{file, s.bom}, nil
}

// reporter writes the list of a batch with its outcomes, in the list's order. Redis keeps no lists, so
// the list is read again, and compared with the batch line by line.
type reporter struct {
	batch    *enqueue.Batch
	outcomes *outcome.Store
	wrong    *enqueue.Contradictions // of the list; nil where they are not known
	say      func(format string, args ...any)
}

// writeFile writes a report and completes its file. On an error the file keeps what it had before, as
// the caller abandons the part file.
func (r reporter) writeFile(ctx context.Context, reader *list.Reader, file *reportFile) error {
	lines := newReportLines(file, reader, file.bom)
	if err := r.write(ctx, reader, lines); err != nil {
		return err
	}
	if err := file.complete(); err != nil {
		return fmt.Errorf("the report cannot be written: %w", err)
	}
	lines.tellWide(r.say)
	return nil
}

// reportLine is one line of the list, and what is known of it.
type reportLine struct {
	row     list.Row
	result  enqueue.LineResult
	outcome outcome.Outcome
}

// write writes a report. However long the list is, it holds few lines at a time: those that were read
// ahead, the chunk that is compared, and a page of outcomes.
//
// The list need not have been given to bulk to its end: a line that the batch does not know yet has the
// outcome of its imp_uid, if there is one, and else the status unknown. Another list ends the report
// with an error that names the line.
func (r reporter) write(ctx context.Context, reader *list.Reader, to *reportLines) error {
	var ahead []list.Row // read, and not yet compared
	source := &lineReader{list: reader, wrong: r.wrong, onRow: func(row list.Row) { ahead = append(ahead, row) }}
	// As in bulk: a short list marks its contradicting lines by itself, also one that comes by a pipe.
	source.lookAhead()
	page := make([]reportLine, 0, reportPage)
	for result, err := range r.batch.Compare(ctx, source.lines) {
		if err != nil {
			return cmp.Or(source.err, otherList(err))
		}
		// Results come in the order of the lines, one for each: the oldest row is that of this one.
		page = append(page, reportLine{row: ahead[0], result: result})
		ahead = ahead[1:]
		if len(page) == reportPage {
			if err := r.writePage(ctx, to, page); err != nil {
				return err
			}
			page = page[:0]
		}
	}
	// A list that breaks off ended the loop as a whole one does.
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

// otherList adds to the error about a list that is not the batch's what may have made another of it:
// --pg and --tier are part of what a line requests, and --column and --sheet decide what is read. So
// the same file with other flags is another list.
func otherList(err error) error {
	var other *enqueue.MismatchError
	if errors.As(err, &other) {
		return fmt.Errorf("%w; was --pg, --tier, --column or --sheet given to 'revoker bulk'? give it here, too", err)
	}
	return err
}

// writePage reads the outcomes of a page's lines at once, and writes both. For an outcome that cannot be
// read the report has corrupt in its line, and the other lines follow.
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

// reported returns what a report shows of a line, given what Redis has of its imp_uid: an outcome, or an
// error that matches [outcome.ErrNotFound] or is an [*outcome.CorruptError].
func reported(result enqueue.LineResult, o outcome.Outcome, err error) outcome.Outcome {
	switch {
	case result.Invalid != nil:
		return outcome.Outcome{ImpUID: result.ImpUID, Status: invalid, Message: result.Invalid.Error()}
	case errors.Is(err, outcome.ErrNotFound) && result.Kind != 0:
		// The batch has counted the line, and a request that is queued would have been found.
		return outcome.Outcome{ImpUID: result.ImpUID, PG: result.PG, Status: unknown, Message: expired}
	case errors.Is(err, outcome.ErrNotFound):
		// bulk has not come as far as this line.
		return outcome.Outcome{ImpUID: result.ImpUID, PG: result.PG, Status: unknown}
	case err != nil:
		return outcome.Outcome{ImpUID: result.ImpUID, Status: corrupt, Message: err.Error()}
	}
	return o
}

// expired says in a report why the outcome of a line is unknown that was requested.
const expired = "its outcome is no longer known: it lives in Redis as long as --outcome-ttl says"

// duplicateTexts say in the last column of a report why a line requests nothing of its own. Programs
// may match these words.
var duplicateTexts = map[outcome.Kind]string{
	outcome.KindRepeated:  "repeated",
	outcome.KindElsewhere: "elsewhere",
}

// reportLines writes the lines of a report: NDJSON for a list in JSON, else CSV. A CSV has the list's own
// columns first, in their order, and the outcome's behind them.
type reportLines struct {
	buffer  *bufio.Writer
	csv     *sheet   // nil for NDJSON
	bare    bool     // the list has no header: its lines' numbers stand for it
	columns int      // of the list itself
	wide    int      // lines with values to the right of those, which are left out
	shown   []string // the numbers of the first of them
}

// shownWide is how many lines are named whose values are left out: there may be a million.
const shownWide = 10

// newReportLines begins a report on out, with its header if it is a CSV. The methods return its failures
// to write.
func newReportLines(out io.Writer, reader *list.Reader, bom bool) *reportLines {
	l := &reportLines{buffer: bufio.NewWriter(out)}
	if format := reader.Format(); format == list.NDJSON || format == list.JSON {
		return l
	}
	own := reader.Header()
	if own == nil {
		own, l.bare = []string{"line"}, true
	}
	// The last columns may have no name: their values are kept, too.
	l.columns = max(len(own), reader.Columns())
	header := slices.Concat(own, make([]string, l.columns-len(own)))
	for _, name := range append(outcome.Fields(), "duplicate") {
		// Two columns of one name could not be told apart, such as pg of the list and pg of the outcome.
		if slices.ContainsFunc(own, func(column string) bool { return strings.EqualFold(strings.TrimSpace(column), name) }) {
			name = "outcome_" + name
		}
		header = append(header, name)
	}
	if bom {
		// bufio keeps a failure and returns it from Flush.
		_, _ = l.buffer.WriteString(byteOrderMark)
	}
	l.csv = &sheet{l.buffer}
	_ = l.csv.write(header)
	return l
}

func (l *reportLines) line(line reportLine) error {
	row, duplicate := line.row, duplicateTexts[line.result.Kind]
	if l.csv == nil {
		// A line that is no JSON would make the report none. Its outcome says why it cannot be used.
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
	if further := own[min(len(own), l.columns):]; strings.TrimSpace(strings.Join(further, "")) != "" {
		if l.wide++; l.wide <= shownWide {
			l.shown = append(l.shown, strconv.Itoa(row.Line))
		}
	}
	// Rows may be shorter or longer than most. Cut or filled up to those, the outcome's columns stand
	// below their names in every row.
	record := append(make([]string, 0, l.columns+len(outcome.Fields())+1), own[:min(len(own), l.columns)]...)
	for len(record) < l.columns {
		record = append(record, "")
	}
	record = append(append(record, values(line.outcome)...), duplicate)
	return l.csv.write(record)
}

// tellWide says which lines have values that are left out.
func (l *reportLines) tellWide(say func(format string, args ...any)) {
	if l.wide == 0 {
		return
	}
	more := ""
	if l.wide > len(l.shown) {
		more = ", …"
	}
	say("%s values to the right of all columns, which the report leaves out: %s %s%s",
		count(l.wide, "line has", "lines have"), either(l.wide, "line", "lines"), listed(l.shown), more)
}

// flush writes what is left, and returns the first failure of everything that was written.
func (l *reportLines) flush() error { return l.buffer.Flush() }

// byteOrderMark tells Excel that a CSV is UTF-8. Without it Korean Excel takes the file for EUC-KR (CP949).
const byteOrderMark = "\uFEFF"
