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

// place is where a list stands in its batch.
type place struct {
	base int // how many rows of other lists are before it
	end  int // the row at which it ends, if that is known
	rows int // of the batch, when it was opened
}

// length returns how many lines the list has that a batch of that many rows
// was made of.
func (p place) length(rows int) int {
	if p.end > 0 {
		rows = p.end
	}
	return rows - p.base
}

// locate finds where in its batch a list stands that begins with a chunk.
func (r *batchReader) locate(ctx context.Context, c *chunk) (place, error) {
	opened, err := r.lists(ctx)
	if err != nil || opened.Rows == 0 {
		return place{}, err
	}
	var first *MismatchError
	base, ended := 0, false
	for _, end := range append(opened.Ends, 0) {
		ended = base == opened.Rows
		if ended {
			break
		}
		at := place{base: base, end: end, rows: opened.Rows}
		c.first = base + 1
		err := r.recognise(ctx, c, at)
		var mismatch *MismatchError
		if !errors.As(err, &mismatch) {
			return at, err
		}
		if first == nil {
			first = mismatch
		}
		base = end
	}
	if !r.options.Append {
		return place{}, first
	}
	if !ended {
		first.Unfinished = true
		return place{}, first
	}
	return place{base: opened.Rows, rows: opened.Rows}, nil
}

// recogniseNext compares the next chunk of the list with what the batch has of
// it. The first one tells where in the batch the list stands.
func (r *batchReader) recogniseNext(ctx context.Context, c *chunk) (err error) {
	if r.rows == 0 {
		if r.place, err = r.locate(ctx, c); err != nil {
			return err
		}
	}
	c.first = r.place.base + r.rows + 1
	return r.recognise(ctx, c, r.place)
}

// recognise compares a chunk with the rows that the batch has of it, and takes
// their answers over.
func (r *batchReader) recognise(ctx context.Context, c *chunk, at place) error {
	c.reserved = false
	for i := range c.results {
		c.results[i].Before = false
	}
	if last := c.first + len(c.results) - 1; at.end > 0 && last > at.end {
		over := max(at.end-c.first+1, 0)
		return &MismatchError{Batch: r.name, Line: c.results[over].Number, Lines: at.end - at.base}
	}
	if c.first > at.rows || len(c.results) == 0 {
		return nil // nothing is known of these
	}
	known, err := r.by.outcomes.Rows(ctx, r.name, c.first, len(c.results))
	if err != nil {
		return err
	}
	c.reserved = true
	for i, row := range known {
		if row.Kind == 0 {
			c.reserved = false
			continue
		}
		if row.Digest != c.rows[i].Digest {
			return &MismatchError{Batch: r.name, Line: c.results[i].Number, Text: c.results[i].text()}
		}
	}
	for i, row := range known {
		if row.Kind != 0 && row.Kind != outcome.KindReserved {
			c.rows[i], c.results[i].Kind, c.results[i].Before = row, row.Kind, true
		}
	}
	return nil
}
