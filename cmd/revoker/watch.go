package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"receiptrevoker/tasks/outcome"
)

// watchEvery is how often it is looked how far a batch has come.
const watchEvery = 300 * time.Millisecond

// batchWatch waits for batches, and shows how far they have come.
type batchWatch struct {
	out      io.Writer
	outcomes *outcome.Store
}

// until waits until a batch has finished and returns what came of it. An outage
// of Redis is waited for as well.
func (w batchWatch) until(ctx context.Context, name string) (outcome.Batch, error) {
	progress := newProgress(w.out, -1)
	defer progress.end()
	for {
		b, err := w.outcomes.Batch(ctx, name)
		switch {
		case errors.Is(err, outcome.ErrNoBatch):
			return b, err
		case ctx.Err() != nil:
			progress.end()
			return b, fmt.Errorf("stopped waiting; the batch goes on, and "+
				"'revoker batch show %s --wait' waits again", name)
		case err != nil:
			progress.warn(err)
		case b.Finished():
			progress.end()
			fmt.Fprintf(w.out, "%d revoked, %d dead.\n", b.Revoked, b.Dead)
			return b, nil
		default:
			progress.show(b.Revoked+b.Dead, b.Asked(), pace(b))
		}
		pause(ctx, watchEvery)
	}
}

// pace says what became of a batch so far, how fast it goes, and how long it
// will take.
func pace(b outcome.Batch) string {
	text := fmt.Sprintf("%d revoked, %d dead", b.Revoked, b.Dead)
	if b.Rate > 0 {
		text += fmt.Sprintf(", %s/s", perSecond(b.Rate))
	}
	left, known := b.Left()
	switch {
	case !b.Complete && b.Open == 0:
		text += ", its list was not read to its end"
	case known && b.Rate > 0:
		text += ", " + roughly(left) + " left"
	}
	return text
}
