package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

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
