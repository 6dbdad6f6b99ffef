package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"runtime/debug"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/enqueue"
	"receiptrevoker/tasks/outcome"
)

// garbagePercent bounds what a list of a million leaves behind before it is
// collected, beside the imp_uids that are remembered.
const garbagePercent = 25

// bulkJob is one list on its way.
type bulkJob struct {
	out      io.Writer // what people are told
	input    *bulkInput
	settings bulkSettings
	asking   *enqueue.Batch
	outcomes *outcome.Store
	client   redis.UniversalClient
	flags    string // that find Redis, to look again

	before int
	asked  lineCounts
	wrong  *enqueue.Contradictions // of the list; nil while they are not known
	shown  bool                    // a person has seen what it would ask for, and said yes
	told   bool                    // what there is to say of the list was told before it was asked for
	batch  outcome.Batch           // how far it has come in the end
}

func (p *program) newBulkJob(s bulkSettings, input *bulkInput, client redis.UniversalClient) (*bulkJob, error) {
	source := input.name
	if absolute, err := filepath.Abs(source); err == nil && source != "-" {
		source = absolute
	}
	queue := enqueue.NewClient(client, enqueue.Config{
		Outcomes: s.redis.Outcomes(), Retention: s.retention.Duration(), Tracers: s.tracers,
	})
	asking, err := queue.Batch(s.batch, enqueue.BatchOptions{Source: source})
	if err != nil {
		return nil, err
	}
	return &bulkJob{
		out: p.stderr, input: input, settings: s, asking: asking,
		outcomes: outcome.NewStore(client, s.redis.Outcomes()), client: client,
		flags: p.redisFlags,
	}, nil
}

// run asks for the list, waits if that is wanted, and writes a report unless it
// is nil.
func (j *bulkJob) run(ctx context.Context, report *reportFile) (err error) {
	defer debug.SetGCPercent(debug.SetGCPercent(garbagePercent))
	if err := j.enqueue(ctx); err != nil {
		return fmt.Errorf("%s: %w", j.input.name, err)
	}
	if j.settings.wait {
		if j.batch, err = newBatchWatch(j.out, j.client, j.outcomes, j.flags).until(ctx, j.settings.batch); err != nil {
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
	progress := newCounter(j.out, "lines asked for")
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
		tellList(j.out, j.input.reader)
	}
}

// tellAsked says what came of asking, and how to go on.
func (j *bulkJob) tellAsked() {
	newScreen(j.out).say("%s%s: %s. Batch %s.",
		plural(j.asked.lines, "line"), j.input.foreign(), j.asked.sum(), j.settings.batch)
	if j.before > 0 {
		newScreen(j.out).say("%s asked for by an earlier run.", count(j.before, "of them was", "of them were"))
	}
	if suspects := j.input.reader.Suspects(); suspects.Doubtful() {
		newScreen(j.out).say("If %s, withdraw the lines: revoker batch cancel %s%s", mistake(suspects), j.settings.batch, j.flags)
	}
	if !j.settings.wait {
		newScreen(j.out).say("See how far it has come with: revoker batch show %s%s --wait", j.settings.batch, j.flags)
	}
}

// report writes the list with its outcomes.
func (j *bulkJob) report(ctx context.Context, file *reportFile) error {
	reader, err := j.input.again()
	if err != nil {
		return err
	}
	defer reader.Close()
	if err := (reporter{j.asking, j.outcomes, j.wrong}).writeFile(ctx, reader, file); err != nil {
		return err
	}
	newScreen(j.out).say("The report is in %s.", file.name)
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
	if unseen || j.asked.invalid() > 0 || j.settings.wait && j.batch.Revoked < j.batch.Asked() {
		return errUnfinished
	}
	return nil
}
