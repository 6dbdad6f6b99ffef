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

// watchEvery is how often it is looked how far a batch has come.
const watchEvery = 300 * time.Millisecond

// batchWatch waits for a batch, and shows how far it has come.
type batchWatch struct {
	outcomes *outcome.Store
	progress *progress
	still    *standstill
	flags    string // that find Redis, to look again
	pauses   []pause.Pause
	open     int           // how many were when it was last looked what holds them
	counted  bool          // which of these are called although the batch was cancelled
	last     outcome.Batch // in which they were counted
}

func newBatchWatch(out io.Writer, client redis.UniversalClient, outcomes *outcome.Store, flags string) *batchWatch {
	w := &batchWatch{outcomes: outcomes, progress: newProgress(out, -1), flags: flags}
	w.still = newStandstill(client, outcomes.Namespace(), w.progress.say)
	return w
}

// until waits until a batch has finished and returns what came of it. An outage
// of Redis is waited for as well. The error is errUnfinished if the waiting was stopped.
func (w *batchWatch) until(ctx context.Context, name string) (outcome.Batch, error) {
	defer w.progress.end()
	for {
		b, err := w.outcomes.Batch(ctx, name)
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

// show shows how far a batch has come, and says what holds its lines.
func (w *batchWatch) show(ctx context.Context, b outcome.Batch) {
	w.recall(&b)
	waiting := b.Open
	if !b.CancelledAt.IsZero() {
		waiting = b.Called()
	}
	if pauses, looked := w.still.look(ctx, waiting); looked {
		w.pauses = pauses
		w.count(ctx, b)
	}
	w.recall(&b)
	causes := make(map[string]string)
	for _, h := range hold(&b, w.pauses) {
		causes[causeOf(h.Pause)] = linesWait(h)
	}
	if text := unseenLines(b); text != "" {
		causes[text] = text
	}
	w.still.tell(causes)
	if w.still.unattended() {
		b.Rate = 0
	}
	w.progress.show(b.Revoked+b.Dead, b.Asked(), pace(b))
}

// count counts what is called of a cancelled batch, once each time that nothing has ended
// between two looks: it goes through all that is open.
func (w *batchWatch) count(ctx context.Context, b outcome.Batch) {
	switch {
	case w.open != b.Open:
		w.open, w.counted = b.Open, false
	case !w.counted:
		w.counted = countWanted(ctx, w.outcomes, &b) == nil // or else at the next look
		w.last = b
	}
}

// recall notes in a batch what was last counted of it.
func (w *batchWatch) recall(b *outcome.Batch) {
	b.Wanted, b.Unseen, b.UnseenUntil = w.last.Wanted, w.last.Unseen, w.last.UnseenUntil
}

// pace says what became of a batch so far, how fast it goes, and how long it
// will take.
func pace(b outcome.Batch) string {
	text := fmt.Sprintf("%d revoked, %d dead", b.Revoked, b.Dead)
	if b.Held > 0 {
		text += fmt.Sprintf(", %d held", b.Held)
	}
	left, known := b.Left()
	switch {
	case !b.CancelledAt.IsZero():
		text += ", cancelled"
	case !b.Complete && b.Open == 0:
		text += ", its list was not read to its end"
	case known && b.Rate > 0:
		text += fmt.Sprintf(", %s/s, %s left", perSecond(b.Rate), roughly(left))
	}
	return text
}
