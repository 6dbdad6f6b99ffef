package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime/debug"
	"time"

	"receiptrevoker/cmd/internal/list"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks/outcome"
)

// bulkJob is one list on its way.
type bulkJob struct {
	*program
	input    *bulkInput
	settings bulkSettings
	asking   *enqueue.Batch

	before int
	asked  lineCounts
	wrong  *enqueue.Contradictions // of the list; nil while they are not known
	shown  bool                    // a person has seen what it would ask for, and said yes
	told   bool                    // what there is to say of the list was told before it was asked for
	batch  outcome.Batch           // how far it has come in the end
}

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

// run asks for the list, waits if that is wanted, and writes a report unless it
// is nil.
func (j *bulkJob) run(ctx context.Context, report *reportFile) (err error) {
	defer debug.SetGCPercent(debug.SetGCPercent(garbagePercent))
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

// enqueue asks for every line of the list, and says how that went. Asking stops
// where the list cannot be read on: it would be taken for the list's end.
func (j *bulkJob) enqueue(ctx context.Context) (err error) {
	asking, stop := context.WithCancel(ctx)
	defer stop()
	reader := &lineReader{list: j.input.reader, onFail: stop}
	progress := newCounter(j.stderr, "lines asked for")
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
	if err := j.broken(ctx, reader.err, failure); err != nil {
		return err
	}
	j.tellAsked()
	if reader.usable == 0 {
		return noneUsable(j.asked.lines, j.input.reader.Format())
	}
	return nil
}

// ask asks for the lines of a list, and returns why it stopped before their end.
func (j *bulkJob) ask(ctx context.Context, reader *lineReader, progress *counter) error {
	var failure error
	for result, err := range j.asking.Ask(ctx, reader.lines) {
		if err != nil {
			failure = err
			continue
		}
		progress.add()
		j.asked.count(result)
		if result.Before && result.Kind != outcome.KindInvalid {
			j.before++
		}
	}
	return failure
}

// tellList says what else there is to say of the list, unless it was shown before.
func (j *bulkJob) tellList() {
	j.asked.tellHidden()
	if !j.shown && !j.told {
		tellList(j.stderr, j.input.reader)
	}
}

// tellAsked says what came of asking, and how to go on.
func (j *bulkJob) tellAsked() {
	j.say("%s%s: %s. Batch %s.",
		plural(j.asked.lines, "line"), j.input.foreign(), j.asked.sum(), j.settings.batch)
	if j.before > 0 {
		j.say("%s asked for by an earlier run.", count(j.before, "of them was", "of them were"))
	}
	if suspects := j.input.reader.Suspects(); suspects.Doubtful() {
		j.say("If %s, withdraw the lines: revoker batch cancel %s --yes%s", mistake(suspects), j.settings.batch, j.redisFlags)
	}
	if !j.settings.wait {
		j.say("See how far it has come with: revoker batch show %s%s --wait", j.settings.batch, j.redisFlags)
	}
}

// report writes the list with its outcomes.
func (j *bulkJob) report(ctx context.Context, file *reportFile) error {
	reader, err := j.input.again()
	if err != nil {
		return err
	}
	defer reader.Close()
	if err := (reporter{j.asking, j.store, j.wrong}).writeFile(ctx, reader, file); err != nil {
		return err
	}
	j.say("The report is in %s.", file.name)
	return nil
}

// doubtful reports whether a person is to say yes to what was read of the list.
func (j *bulkJob) doubtful() bool {
	suspects := j.input.reader.Suspects()
	return suspects.Doubtful()
}

// verdict returns errUnfinished unless all went well: all lines asked for, and
// revoked if that was waited for. A list that turned out to look wrong, and that nobody
// has said yes to, is none that went well.
func (j *bulkJob) verdict() error {
	unseen := j.doubtful() && !j.shown && !j.settings.yes
	return unfinishedIf(unseen || j.asked.invalid() > 0 || j.settings.wait && j.batch.Revoked < j.batch.Asked())
}

// broken returns why not every line was asked for, and how to go on: unread is
// what the reading of the list ended with, failure what the asking did.
func (j *bulkJob) broken(ctx context.Context, unread, failure error) error {
	if failure == nil && unread == nil && ctx.Err() == nil {
		return nil
	}
	var mismatch *enqueue.MismatchError
	again := j.again(ctx, errors.Is(unread, list.ErrBroken))
	switch {
	case errors.As(failure, &mismatch):
		return fmt.Errorf("%w; give it another --batch", failure)
	case errors.Is(failure, outcome.ErrCancelled):
		return fmt.Errorf("%w, and nothing more is asked for in it; give the list another --batch", failure)
	case ctx.Err() != nil:
		return fmt.Errorf("stopped: %s", again)
	case unread != nil:
		return fmt.Errorf("%w: %s", unread, again)
	case enqueue.Full(failure):
		return fmt.Errorf("redis is full and takes no more tasks: %s, "+
			"once workers have made room or it has more memory: %w", again, failure)
	}
	return fmt.Errorf("%s: %w", again, failure)
}

// again says how far the batch has come, also after the end of ctx, and how to go on: with
// the same list, or with the one that was mended if it is broken.
func (j *bulkJob) again(ctx context.Context, broken bool) string {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	b, err := j.asking.Status(ctx)
	lines := b.Lines
	if err != nil {
		lines = j.asked.lines // known to be in it
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
