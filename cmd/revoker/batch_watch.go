package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/wait"
	"receiptrevoker/worker/pause"
)

// watchEvery is how often the counts of a batch are read while it is waited for. A reading costs
// Redis one HGETALL and one TIME, for a list of any length.
const watchEvery = 300 * time.Millisecond

// batchWatch waits for a batch, and shows how far it has come. It serves batch show --wait and
// bulk --wait.
type batchWatch struct {
	outcomes *outcome.Store
	progress *progress
	still    *standstill   // tells how many workers are running and what pauses queues
	flags    string        // those that find Redis, repeated in the command that waits again
	pauses   []pause.Pause // as last read, once a second
	// open is how many lines were open when pauses were last read, and counted tells that count has
	// since gone through what is open. A cancelled batch needs it, see count.
	open    int
	counted bool
	last    outcome.Batch // what count found: Wanted, Unseen and UnseenUntil are its fields in use
}

// newBatchWatch returns a watch that shows the progress on out, standard error. The number of lines
// is not known yet: the first reading of the batch gives it to the bar.
func newBatchWatch(out io.Writer, client redis.UniversalClient, outcomes *outcome.Store, flags string) *batchWatch {
	w := &batchWatch{outcomes: outcomes, progress: newProgress(out, -1), flags: flags}
	w.still = newStandstill(client, outcomes.Namespace(), w.progress.say)
	return w
}

// until waits until a batch has finished and returns its last counts. An outage of Redis does not
// end it: the error is shown every ten seconds. The error matches [outcome.ErrNoBatch] if there is no
// such batch, also where Redis has lost it meanwhile, and is errUnfinished if Ctrl-C stopped the
// waiting, which changes nothing for the batch.
func (w *batchWatch) until(ctx context.Context, name string) (outcome.Batch, error) {
	defer w.progress.end()
	for {
		b, err := w.outcomes.Batch(ctx, name)
		// The end of ctx comes before err: the reading that it interrupts fails as an outage does.
		switch {
		case errors.Is(err, outcome.ErrNoBatch):
			return b, err
		case ctx.Err() != nil:
			w.progress.say("stopped waiting; the batch continues, and 'revoker batch show %s%s --wait' waits again",
				name, w.flags)
			return b, errUnfinished
		case err != nil:
			w.progress.warn(err)
		case b.Finished():
			w.progress.say("%d revoked, %d dead.", b.Revoked, b.Dead)
			return b, nil
		default:
			w.show(ctx, b)
		}
		_ = wait.For(ctx, watchEvery)
	}
}

// show shows how far a batch has come, and says what holds its lines: each cause when it begins, and
// not again while it lasts.
func (w *batchWatch) show(ctx context.Context, b outcome.Batch) {
	w.recall(&b)
	// Cancelled lines end without being called. Only those that another request covers too wait for a
	// worker, and count in "no worker is running; 125 tasks wait".
	waiting := b.Open
	if !b.CancelledAt.IsZero() {
		waiting = b.Called()
	}
	if pauses, looked := w.still.look(ctx, waiting); looked {
		w.pauses = pauses
		w.count(ctx, b)
	}
	w.recall(&b) // once more: count may have found something else, by which hold goes
	// A hold is recognised by its key: its text has a number of lines, which changes while it lasts.
	causes := make(map[string]string)
	for _, h := range hold(&b, w.pauses) {
		causes[causeOf(h.Pause)] = linesWait(h)
	}
	if text := unseenLines(b); text != "" {
		causes[text] = text
	}
	w.still.tell(causes)
	// Without a worker the rate is that of lines that ended before, and its time left is wrong.
	if w.still.unattended() {
		b.Rate = 0
	}
	w.progress.show(b.Revoked+b.Dead, b.Asked(), pace(b))
}

// count counts which open lines of a cancelled batch are called all the same, since another request
// covers them too, and of which a DELETE may have worked unseen. That goes through all that is
// open, about four seconds for a million requests. So it does so only once the number of open lines
// was the same at two looks, a second apart, and once for each such number: while lines end by the
// hundred the answer would be old at once.
func (w *batchWatch) count(ctx context.Context, b outcome.Batch) {
	switch {
	case w.open != b.Open:
		w.open, w.counted = b.Open, false
	case !w.counted:
		w.counted = countWanted(ctx, w.outcomes, &b) == nil // an error is tried again at the next look
		w.last = b
	}
}

// recall notes in a batch what count last found: a reading of the batch alone does not have it.
func (w *batchWatch) recall(b *outcome.Batch) {
	b.Wanted, b.Unseen, b.UnseenUntil = w.last.Wanted, w.last.Unseen, w.last.UnseenUntil
}

// pace returns the text beside the bar, such as "4903 revoked, 97 dead, 35/s, 2m10s left". A
// cancelled batch has no time left, since its lines end as lookups do; nor has one of which all that
// is open is held, or of which nothing has ended for some seconds.
func pace(b outcome.Batch) string {
	text := fmt.Sprintf("%d revoked, %d dead", b.Revoked, b.Dead)
	if b.Held > 0 {
		text += fmt.Sprintf(", %d held", b.Held)
	}
	left, known := b.Left()
	switch {
	case !b.CancelledAt.IsZero():
		text += ", cancelled"
	// All that was read has ended, and bulk is not done with the list: the batch cannot finish yet.
	case !b.Complete && b.Open == 0:
		text += ", its list was not read to its end"
	case known && b.Rate > 0:
		text += fmt.Sprintf(", %s/s, %s left", perSecond(b.Rate), roughly(left))
	}
	return text
}
