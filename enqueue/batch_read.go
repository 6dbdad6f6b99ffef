package enqueue

import (
	"context"
	"errors"
	"iter"

	"golang.org/x/sync/errgroup"

	"receiptrevoker/tasks/outcome"
)

// batchReader reads a list chunk by chunk, one after the other: no chunk is
// asked for before those ahead of it were seen to be of the batch's own list.
type batchReader struct {
	*Batch
	lists  func(context.Context) (outcome.OpenedBatch, error) // opens the batch, or only reads it
	firsts *firsts
	place  place
	rows   int  // read so far
	ended  bool // the list was read to its end
}

// read sends the chunks of a list, each being asked for. One that cannot be is
// the last.
func (r *batchReader) read(ctx context.Context, lines iter.Seq[Line], chunks chan<- *chunk) {
	send := func(c *chunk) bool {
		good := r.start(ctx, c)
		select {
		case chunks <- c:
			return good
		case <-ctx.Done():
			<-c.done
			return false
		}
	}
	next := r.newChunk()
	for line := range lines {
		next.add(r.firsts, line)
		if len(next.results) < chunkSize {
			continue
		}
		if !send(next) {
			return
		}
		next = r.newChunk()
	}
	r.ended = ctx.Err() == nil && send(next)
}

// start finds out what is known of a chunk, reserves its rows and begins to ask
// for the rest. It reports false if that is not to be. Chunks are reserved one
// after the other and before they are asked for: of two lists that are given at
// the same time, only one gets further than the lines that both have.
func (r *batchReader) start(ctx context.Context, c *chunk) bool {
	c.err = retried(ctx, func(ctx context.Context) error { return r.prepare(ctx, c) })
	r.rows += len(c.results)
	if c.err != nil {
		close(c.done)
		return false
	}
	go func() { // whoever gets the chunk waits for it
		defer close(c.done)
		c.err = retried(ctx, c.ask)
	}()
	return true
}

// prepare compares a chunk with what the batch has of it, reserves its rows,
// and reads what has become of those without an end.
func (r *batchReader) prepare(ctx context.Context, c *chunk) error {
	if err := r.recogniseNext(ctx, c); err != nil {
		return err
	}
	c.open = c.unfinished()
	both, ctx := errgroup.WithContext(ctx) // they share a round trip
	both.Go(func() error {
		if c.reserved || len(c.rows) == 0 {
			return nil
		}
		return r.by.outcomes.Reserve(ctx, r.name, c.first, c.rows)
	})
	both.Go(func() error { return c.look(ctx) })
	return both.Wait()
}

// complete notes in the batch that its list has come to its end, all of it
// answered.
func (r *batchReader) complete(ctx context.Context) error {
	err := retried(ctx, func(ctx context.Context) error {
		return r.by.outcomes.CompleteBatch(ctx, r.name, r.place.base+r.rows)
	})
	var longer *outcome.LongerError
	if errors.As(err, &longer) {
		return &MismatchError{Batch: r.name, Lines: r.place.length(longer.Rows)}
	}
	return err
}
