package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"receiptrevoker/cmd/internal/list"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks/outcome"
)

// bulkJob requests the receipts of one list: it judges the list, requests its lines, waits, and
// writes the report.
type bulkJob struct {
	*program
	input    *bulkInput
	settings bulkSettings
	asking   *enqueue.Batch

	before int                     // lines that an earlier run of the same batch requested
	asked  lineCounts              // of the lines that Redis has answered
	wrong  *enqueue.Contradictions // of the list; nil while they are not known
	shown  bool                    // a person has seen what it would request, and said yes
	told   bool                    // notes and warnings about the whole list are printed already
	batch  outcome.Batch           // its last counts, with --wait
}

// newBulkJob returns the job of a list. The batch records the list's absolute path, so that batch
// report finds it from any folder of this machine.
func (p *program) newBulkJob(s bulkSettings, input *bulkInput) (*bulkJob, error) {
	source := input.name
	if absolute, err := filepath.Abs(source); err == nil && source != "-" {
		source = absolute
	}
	asking, err := p.requests().Batch(s.batch, enqueue.BatchOptions{Source: source})
	if err != nil {
		return nil, err
	}
	return &bulkJob{program: p, input: input, settings: s, asking: asking}, nil
}

// run requests the list, waits with --wait, and writes a report unless it is nil. If the waiting is
// stopped no report is written: batch report writes the same at any time.
func (j *bulkJob) run(ctx context.Context, report *reportFile) (err error) {
	if err := j.enqueue(ctx); err != nil {
		return fmt.Errorf("%s: %w", j.input.name, err)
	}
	if j.settings.wait {
		if j.batch, err = newBatchWatch(j.stderr, j.client, j.store, j.redisFlags).until(ctx, j.settings.batch); err != nil {
			return err
		}
	}
	if report != nil {
		if err := j.report(ctx, report); err != nil {
			return err
		}
	}
	return j.verdict()
}

// enqueue judges the list, requests every line of it, and says how that went.
func (j *bulkJob) enqueue(ctx context.Context) (err error) {
	// Where the list cannot be read on, by an error of the disk or a pipe, its lines end as at its
	// true end. Stopping the requesting keeps the batch from being marked as complete: then the mended
	// list, which is longer, would be refused as another list.
	asking, stop := context.WithCancel(ctx)
	defer stop()
	reader := &lineReader{list: j.input.reader, onFail: stop}
	progress := newCounter(j.stderr, "lines asked for")
	// A person who has said yes has seen the invalid and repeated lines above the question.
	if !j.shown {
		j.asked.say = progress.say
	}
	if !reader.lookAhead() {
		return j.refuse(reader.ahead, progress)
	}
	if reader, err = j.judge(ctx, reader); err != nil {
		return err
	}
	failure := j.ask(asking, reader, progress)
	progress.end()
	j.tellList()
	// After an error no sum is printed: "4903 queued" would read as if the list had been done.
	if err := j.broken(ctx, reader.err, failure); err != nil {
		return err
	}
	j.tellAsked()
	// Only a list of 1,000 lines or more comes here without a line that can be used: lookAhead sees no
	// further. It has a batch by now, of invalid lines alone.
	if reader.usable == 0 {
		return noneUsable(j.asked.lines, j.input.reader.Format())
	}
	return nil
}

// ask requests the lines of a list, and returns why it stopped before their end. It counts what
// Redis has answered, in the list's order; up to 1,000 further lines may be recorded by then.
func (j *bulkJob) ask(ctx context.Context, reader *lineReader, progress *counter) error {
	var failure error
	for result, err := range j.asking.Ask(ctx, reader.lines) {
		if err != nil {
			failure = err
			continue
		}
		progress.add()
		j.asked.count(result)
		// An earlier run requested nothing for an invalid line: it does not count as one of its lines.
		if result.Before && result.Kind != outcome.KindInvalid {
			j.before++
		}
	}
	return failure
}

// tellList says how many odd lines were not shown one by one, and what else there is to say of the
// list, unless that was printed before the requesting. Of a longer list on standard input it comes
// now, since some of it, such as a line that ends in CR, was not read before.
func (j *bulkJob) tellList() {
	j.asked.tellHidden()
	if !j.shown && !j.told {
		tellList(j.stderr, j.input.reader)
	}
}

// tellAsked says how many lines were queued, duplicate or invalid, and which command to run next.
// The commands repeat the flags that find Redis: without --namespace the batch would not be found.
func (j *bulkJob) tellAsked() {
	j.say("%s%s: %s. Batch %s.",
		plural(j.asked.lines, "line"), j.input.foreign(), j.asked.sum(), j.settings.batch)
	if j.before > 0 {
		j.say("%s asked for by an earlier run.", count(j.before, "of them was", "of them were"))
	}
	// After --yes, or where most wrong lines of standard input came late, a person may learn only now
	// what was requested. A DELETE cannot be taken back, so the way out stands beside the count.
	if suspects := j.input.reader.Suspects(); suspects.Doubtful() {
		j.say("If %s, withdraw the lines: revoker batch cancel %s --yes%s", mistake(suspects), j.settings.batch, j.redisFlags)
	}
	if !j.settings.wait {
		j.say("See how far it has come with: revoker batch show %s%s --wait", j.settings.batch, j.redisFlags)
	}
}

// report reads the list once more and writes it with its outcomes: the list is not held in memory.
func (j *bulkJob) report(ctx context.Context, file *reportFile) error {
	reader, err := j.input.again()
	if err != nil {
		return err
	}
	defer reader.Close()
	if err := (reporter{j.asking, j.store, j.wrong, j.say}).writeFile(ctx, reader, file); err != nil {
		return err
	}
	j.say("The report is in %s.", file.name)
	return nil
}

// doubtful reports whether a person is to say yes to what was read of the list, see
// [list.Suspects.Doubtful].
func (j *bulkJob) doubtful() bool {
	suspects := j.input.reader.Suspects()
	return suspects.Doubtful()
}

// verdict returns errUnfinished, exit code 3, unless all went well: every line could be used and,
// with --wait, every receipt is revoked. It also does so where the list turned out to look wrong and
// no person has said yes to it, on a terminal or by --yes: of standard input that is known only at
// the end, and a script must be able to see it.
func (j *bulkJob) verdict() error {
	unseen := j.doubtful() && !j.shown && !j.settings.yes
	return unfinishedIf(unseen || j.asked.invalid() > 0 || j.settings.wait && j.batch.Revoked < j.batch.Asked())
}

// broken returns why not every line was requested, and what to do, or nil if all were: unread is
// what the reading of the list ended with, failure what the requesting ended with. One cause may
// show twice: where the list cannot be read on, enqueue stops the requesting, which then fails by
// its context. So the order of the cases matters: first comes what names the mistake.
func (j *bulkJob) broken(ctx context.Context, unread, failure error) error {
	if failure == nil && unread == nil && ctx.Err() == nil {
		return nil
	}
	var mismatch *enqueue.MismatchError
	again := j.again(ctx, errors.Is(unread, list.ErrBroken))
	switch {
	// The same list again is of no use here: the name belongs to another list, or is cancelled.
	case errors.As(failure, &mismatch):
		return fmt.Errorf("%w; give it another --batch", failure)
	case errors.Is(failure, outcome.ErrCancelled):
		return fmt.Errorf("%w, and nothing more is asked for in it; give the list another --batch", failure)
	case ctx.Err() != nil:
		return fmt.Errorf("stopped: %s", again)
	case unread != nil:
		return fmt.Errorf("%w: %s", unread, again)
	// With noeviction, which README requires, a full Redis refuses writes: no request that it has
	// confirmed is lost.
	case enqueue.Full(failure):
		return fmt.Errorf("redis is full and takes no more tasks: %s, "+
			"once workers have made room or it has more memory: %w", again, failure)
	}
	return fmt.Errorf("%s: %w", again, failure)
}

// again says how many lines the batch has, and what to give next: the same list, or the mended one if
// it is broken. It asks Redis for that also after Ctrl-C has ended ctx, for a second at most. Lines
// that were recorded before the stop and not enqueued are in the count: workers enqueue them.
func (j *bulkJob) again(ctx context.Context, broken bool) string {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	b, err := j.asking.Status(ctx)
	lines := b.Lines
	if err != nil {
		lines = j.asked.lines // at least those that Redis had answered
	}
	none := errors.Is(err, outcome.ErrNoBatch)
	switch has := fmt.Sprintf("the batch %s has %s", j.settings.batch, plural(lines, "line")); {
	case none && broken:
		return "nothing is asked for; mend the list, and give it again"
	case none:
		return "nothing is asked for; give the list again"
	case broken:
		return fmt.Sprintf("%s; mend the list, and give it again with --batch %s", has, j.settings.batch)
	default:
		return fmt.Sprintf("%s; to continue, give the same list again with --batch %s", has, j.settings.batch)
	}
}
