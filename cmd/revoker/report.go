package main

import (
	"context"
	"errors"
	"fmt"
	"iter"

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

// report is a file that a list is written to with its outcomes.
type report struct {
	*partFile
	bom bool
}

// createReport begins a report, or returns nil without a name. It fails early
// where the file could not be written in the end.
func createReport(s reportSettings) (*report, error) {
	if s.file == "" {
		return nil, nil
	}
	file, err := createPart(s.file)
	if err != nil {
		return nil, fmt.Errorf("the report cannot be written: %w", err)
	}
	return &report{file, s.bom}, nil
}

// abandon removes a report that was not completed.
func (r *report) abandon() {
	if r != nil {
		r.partFile.abandon()
	}
}

// write writes the list with its outcomes, in the list's order.
func (r *report) write(ctx context.Context, reader *list.Reader, batch *enqueue.Batch, store *outcome.Store) error {
	if err := writeReport(ctx, newReportLines(r.file, reader, r.bom), reader, batch, store); err != nil {
		return err
	}
	if err := r.complete(); err != nil {
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

// writeReport writes the list with its outcomes, in the list's order. However
// long it is, few lines are held at a time.
func writeReport(
	ctx context.Context, to *reportLines, reader *list.Reader, batch *enqueue.Batch, store *outcome.Store,
) error {
	var ahead []list.Row // read, and not yet compared
	var broken error
	page := make([]reportLine, 0, reportPage)
	for result, err := range batch.Compare(ctx, remembered(reader, &ahead, &broken)) {
		if err != nil {
			return err
		}
		page = append(page, reportLine{row: ahead[0], result: result})
		ahead = ahead[1:]
		if len(page) == reportPage {
			if err := writePage(ctx, to, store, page); err != nil {
				return err
			}
			page = page[:0]
		}
	}
	if broken != nil {
		return broken
	}
	if err := writePage(ctx, to, store, page); err != nil {
		return err
	}
	if err := to.flush(); err != nil {
		return fmt.Errorf("the report cannot be written: %w", err)
	}
	return nil
}

// remembered yields the lines of a list and appends their rows to ahead.
func remembered(reader *list.Reader, ahead *[]list.Row, broken *error) iter.Seq[enqueue.Line] {
	return func(yield func(enqueue.Line) bool) {
		for row, err := range rows(reader) {
			line, failure := lineOf(row, err)
			if failure != nil {
				*broken = failure
				return
			}
			var bad *list.LineError
			if errors.As(err, &bad) {
				row = bad.Row
			}
			*ahead = append(*ahead, row)
			if !yield(line) {
				return
			}
		}
	}
}

// writePage reads the outcomes of a page's lines and writes both.
func writePage(ctx context.Context, to *reportLines, store *outcome.Store, page []reportLine) error {
	impUIDs := make([]string, len(page))
	for i, line := range page {
		impUIDs[i] = line.row.ImpUID
	}
	i := 0
	for o, err := range store.Each(ctx, impUIDs) {
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
