package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/cmd/internal/list"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks/outcome"
)

// shownBadLines is how many unusable lines are shown one by one, and how many
// that repeat another.
const shownBadLines = 100

// bulkJob is one list on its way.
type bulkJob struct {
	out      io.Writer // what people are told
	name     string    // of the list
	settings bulkSettings
	asking   *enqueue.Batch
	outcomes *outcome.Store
	watch    batchWatch

	lines, before int
	kinds         map[outcome.Kind]int
	batch         outcome.Batch // how far it has come in the end
}

func (p *program) newBulkJob(s bulkSettings, name string, client redis.UniversalClient) (*bulkJob, error) {
	source := name
	if absolute, err := filepath.Abs(name); err == nil && name != "-" {
		source = absolute
	}
	queue := enqueue.NewClient(client, enqueue.Config{
		Outcomes: s.redis.Outcomes(), Retention: s.retention.Duration(), Tracers: s.tracers,
	})
	asking, err := queue.Batch(s.batch, enqueue.BatchOptions{Source: source, Append: s.append})
	if err != nil {
		return nil, err
	}
	outcomes := outcome.NewStore(client, s.redis.Outcomes())
	return &bulkJob{
		out: p.stderr, name: name, settings: s, asking: asking, outcomes: outcomes,
		watch: batchWatch{p.stderr, outcomes}, kinds: make(map[outcome.Kind]int),
	}, nil
}

// enqueue asks for every line of a list, and says how that went.
func (j *bulkJob) enqueue(ctx context.Context, reader *list.Reader) error {
	var broken, failure error
	progress := newCounter(j.out, "lines asked for")
	for result, err := range j.asking.Ask(ctx, lines(reader, &broken)) {
		if err != nil {
			failure = err
			continue
		}
		j.count(result, progress)
	}
	progress.end()
	for kind, what := range map[outcome.Kind]string{
		outcome.KindInvalid: "that cannot be used", outcome.KindRepeated: "that repeat another",
	} {
		if hidden := j.kinds[kind] - shownBadLines; hidden > 0 {
			fmt.Fprintf(j.out, "… and %d more lines %s\n", hidden, what)
		}
	}
	if err := j.broken(ctx, broken, failure); err != nil {
		return err
	}
	fmt.Fprintf(j.out, "%s: %d queued, %d duplicate, %d invalid. Batch %s.\n", plural(j.lines, "line"),
		j.kinds[outcome.KindQueued], j.kinds[outcome.KindElsewhere]+j.kinds[outcome.KindRepeated],
		j.kinds[outcome.KindInvalid], j.settings.batch)
	if j.before > 0 {
		fmt.Fprintf(j.out, "%s asked for by an earlier run.\n", was(j.before))
	}
	if !j.settings.wait {
		fmt.Fprintf(j.out, "See how far it has come with: revoker batch show %s --wait\n", j.settings.batch)
	}
	return nil
}

// count counts a line, and shows one that is not simply queued.
func (j *bulkJob) count(result enqueue.LineResult, progress *counter) {
	j.lines++
	progress.add()
	j.kinds[result.Kind]++
	if result.Before {
		j.before++
	}
	if j.kinds[result.Kind] > shownBadLines {
		return
	}
	switch {
	case result.Kind == outcome.KindInvalid:
		progress.say("revoker: %v", result.Invalid)
	case result.Kind == outcome.KindRepeated && result.First > 0:
		progress.say("revoker: line %d: %s repeats line %d", result.Number, result.ImpUID, result.First)
	case result.Kind == outcome.KindRepeated:
		progress.say("revoker: line %d: %s is in another list of the batch", result.Number, result.ImpUID)
	}
}

// broken returns why not every line was asked for, and how to go on.
func (j *bulkJob) broken(ctx context.Context, broken, failure error) error {
	var mismatch *enqueue.MismatchError
	if failure == nil && broken == nil && ctx.Err() == nil {
		return nil
	}
	again := fmt.Sprintf("the batch %s has %s; to go on, give the same list again with --batch %[1]s",
		j.settings.batch, plural(j.marked(ctx), "line"))
	switch {
	case errors.As(failure, &mismatch) && !mismatch.Unfinished && !j.settings.append:
		return fmt.Errorf("%w; give it another --batch, or --append to add it to this one", failure)
	case errors.As(failure, &mismatch):
		return failure
	case ctx.Err() != nil:
		return fmt.Errorf("stopped: %s", again)
	case enqueue.Full(failure):
		return fmt.Errorf("redis is full and takes no more tasks: %s, once workers have made room or it has more memory: %w", again, failure)
	case failure != nil:
		return fmt.Errorf("%s: %w", again, failure)
	}
	return fmt.Errorf("%w: %s", broken, again)
}

// marked returns how many lines the batch has, also after the end of ctx, or
// how many are known to be in it where Redis does not say.
func (j *bulkJob) marked(ctx context.Context) int {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	b, err := j.asking.Status(ctx)
	if err != nil {
		return j.lines
	}
	return b.Lines
}

func was(n int) string {
	if n == 1 {
		return "1 of them was"
	}
	return fmt.Sprintf("%d of them were", n)
}

// lines yields the lines of a list. An error that ends the reading goes to
// broken.
func lines(reader *list.Reader, broken *error) iter.Seq[enqueue.Line] {
	return func(yield func(enqueue.Line) bool) {
		for row, err := range rows(reader) {
			line, err := lineOf(row, err)
			if err != nil {
				*broken = err
				return
			}
			if !yield(line) {
				return
			}
		}
	}
}

// lineOf returns what a row asks for. A row that cannot be used asks for
// nothing; any other error is returned.
func lineOf(row list.Row, err error) (enqueue.Line, error) {
	var bad *list.LineError
	if errors.As(err, &bad) {
		return enqueue.Line{Number: bad.Line, ImpUID: bad.Row.ImpUID, PG: bad.Row.PG, Invalid: bad, Text: bad.Text}, nil
	}
	return enqueue.Line{Number: row.Line, ImpUID: row.ImpUID, PG: row.PG}, err
}

// report writes the list, which source gives once more, with its outcomes.
func (j *bulkJob) report(ctx context.Context, report *report, source io.Reader) error {
	reader, err := list.NewReader(source, j.settings.list.options())
	if err != nil {
		return err
	}
	if err := report.write(ctx, reader, j.asking, j.outcomes); err != nil {
		return err
	}
	fmt.Fprintf(j.out, "The report is in %s.\n", report.name)
	return nil
}

// verdict returns errUnfinished unless all went well: all lines asked for, and
// revoked if that was waited for.
func (j *bulkJob) verdict() error {
	if j.kinds[outcome.KindInvalid] > 0 || j.settings.wait && j.batch.Revoked < j.batch.Asked() {
		return errUnfinished
	}
	return nil
}
