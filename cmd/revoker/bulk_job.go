package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/cmd/internal/list"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// shownBadLines is how many unusable lines are shown one by one.
const shownBadLines = 100

// bulkJob is one list on its way.
type bulkJob struct {
	out      io.Writer // what people are told
	queue    *enqueue.Client
	outcomes *outcome.Store
	batch    string

	lines, queued, duplicate, invalid, failed int

	asked map[string]bool // imp_uids that were asked for, now or before
	ended map[outcome.Status]int
}

func newBulkJob(p *program, s bulkSettings, client redis.UniversalClient) *bulkJob {
	return &bulkJob{
		out:      p.stderr,
		queue:    enqueue.NewClient(client, enqueue.Config{Outcomes: s.redis.Outcomes(), Retention: s.retention.Duration()}),
		outcomes: outcome.NewStore(client, s.redis.Outcomes()),
		asked:    make(map[string]bool),
		ended:    make(map[outcome.Status]int),
	}
}

// enqueue asks for every line of a list, and says how that went.
func (j *bulkJob) enqueue(ctx context.Context, reader *list.Reader) error {
	var broken error
	var failure error
	for result := range j.queue.RevokeMany(ctx, j.revocations(reader, &broken)) {
		switch {
		case result.Err != nil:
			j.failed++
			failure = result.Err
		case result.Duplicate:
			j.duplicate++
			j.asked[result.Revocation.ImpUID] = true
		default:
			j.queued++
			j.asked[result.Revocation.ImpUID] = true
		}
	}
	if hidden := j.invalid - shownBadLines; hidden > 0 {
		fmt.Fprintf(j.out, "… and %d more lines that cannot be used\n", hidden)
	}
	fmt.Fprintf(j.out, "%s: %d queued, %d asked for before, %d invalid, %d failed. Batch %s.\n",
		countLines(j.lines), j.queued, j.duplicate, j.invalid, j.failed, j.batch)
	switch {
	case broken != nil:
		return broken
	case ctx.Err() != nil:
		return fmt.Errorf("stopped after %s; the same command goes on where it stopped", countLines(j.lines))
	case failure != nil:
		return fmt.Errorf("%s not enqueued; the same command tries again: %w", countLines(j.failed), failure)
	}
	return nil
}

func countLines(n int) string {
	if n == 1 {
		return "1 line"
	}
	return fmt.Sprintf("%d lines", n)
}

// revocations yields what the lines of a list ask for and reports those that
// cannot be used. An error that ends the reading goes to broken.
func (j *bulkJob) revocations(reader *list.Reader, broken *error) iter.Seq[tasks.Revocation] {
	return func(yield func(tasks.Revocation) bool) {
		for row, err := range rows(reader) {
			var bad *list.LineError
			switch {
			case errors.As(err, &bad):
				j.lines++
				if j.invalid++; j.invalid <= shownBadLines {
					fmt.Fprintf(j.out, "revoker: %v\n", bad)
				}
				continue
			case err != nil:
				*broken = err
				return
			}
			j.lines++
			if !yield(tasks.Revocation{ImpUID: row.ImpUID, PG: row.PG, Batch: j.batch, Row: row.Line}) {
				return
			}
		}
	}
}

// wait waits until everything that was asked for has ended.
func (j *bulkJob) wait(ctx context.Context) error {
	progress := newProgress(j.out, len(j.asked))
	for o, err := range j.queue.WaitMany(ctx, slices.Collect(maps.Keys(j.asked))) {
		if err != nil {
			progress.warn(err)
			continue
		}
		j.ended[o.Status]++
		progress.add(o)
	}
	progress.end()
	if ctx.Err() != nil {
		return fmt.Errorf("stopped waiting; the batch %s goes on, and the same command with --wait waits again", j.batch)
	}
	fmt.Fprintf(j.out, "%d revoked, %d dead.\n", j.ended[outcome.Revoked], j.ended[outcome.Dead])
	return nil
}

// report writes the list, which source gives once more, with its outcomes.
func (j *bulkJob) report(ctx context.Context, report *report, source io.Reader, options list.Options) error {
	reader, err := list.NewReader(source, options)
	if err != nil {
		return err
	}
	if err := report.write(ctx, reader, j.outcomes); err != nil {
		return err
	}
	fmt.Fprintf(j.out, "The report is in %s.\n", report.name)
	return nil
}

// verdict returns errUnfinished unless all went well: all lines enqueued, and
// revoked if that was waited for.
func (j *bulkJob) verdict(waited bool) error {
	if j.invalid > 0 || waited && j.ended[outcome.Revoked] < len(j.asked) {
		return errUnfinished
	}
	return nil
}
