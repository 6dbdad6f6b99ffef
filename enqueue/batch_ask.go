package enqueue

import (
	"context"
	"errors"
	"iter"
	"sync"

	"receiptrevoker/tasks/outcome"
)

// Ask asks for every line and yields what came of it, in the order of the list.
// It reads little further ahead than it has answers, so that a list of any
// length is read no faster than Redis answers; of what it has read it keeps the
// imp_uids alone, about 25 bytes each, which tell a line that repeats another. One that
// contradicts an earlier line, which has been asked for by then, is invalid: see
// [FindContradictions] for a list that can be read before.
//
// Where an earlier call stopped, the same list continues: lines that were
// answered are passed over. A line that asks for something else than it did is
// a [*MismatchError]. That, [ErrOlderWorker] if a line names its receipt, any error of
// Redis that did not pass within half a minute, and the end of ctx are yielded as an
// error, which ends it.
func (b *Batch) Ask(ctx context.Context, lines iter.Seq[Line]) iter.Seq2[LineResult, error] {
	return func(yield func(LineResult, error) bool) {
		ctx, span := b.client.tracer.list(ctx, b.name)
		defer span.End()
		ctx, cancel := context.WithCancel(ctx)
		chunks := make(chan *chunk, chunksAhead)
		reader := &batchReader{Batch: b, firsts: &firsts{}}
		var running sync.WaitGroup
		running.Go(func() {
			defer close(chunks)
			reader.read(ctx, lines, chunks)
		})
		defer func() {
			cancel()
			for c := range chunks { // wait for those under way
				<-c.done
			}
			running.Wait()
		}()
		for c := range chunks {
			<-c.done
			if c.err != nil {
				yield(LineResult{}, c.err)
				return
			}
			for _, result := range c.results {
				if !yield(result, nil) {
					return
				}
			}
		}
		err := context.Cause(ctx)
		if reader.ended {
			err = reader.complete(ctx)
		}
		if err != nil {
			yield(LineResult{}, err)
		}
	}
}

// batchReader reads a list chunk by chunk, and records one after the other: of two
// lists that are given at the same time, only one gets further than the lines that
// both have.
type batchReader struct {
	*Batch
	firsts *firsts
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
	for c := range r.chunks(outcome.NewCaller(), r.firsts, lines) {
		if ctx.Err() != nil || !send(c) {
			return
		}
	}
	r.ended = true
}

// start records what a chunk asks for and begins to enqueue it. It reports false if
// that is not to be.
func (r *batchReader) start(ctx context.Context, c *chunk) bool {
	c.err = retried(ctx, c.first == 1, c.record)
	r.rows += len(c.results)
	if c.err != nil {
		close(c.done)
		return false
	}
	go func() { // whoever gets the chunk waits for it
		defer close(c.done)
		c.err = retried(ctx, c.first == 1, c.enqueue)
	}()
	return true
}

// complete notes in the batch that its list has come to its end, all of it
// answered.
func (r *batchReader) complete(ctx context.Context) error {
	err := retried(ctx, false, func(ctx context.Context) error {
		return r.by.outcomes.CompleteBatch(ctx, r.name, r.rows)
	})
	if other, is := errors.AsType[*outcome.OtherListError](err); is {
		return &MismatchError{Batch: r.name, Lines: other.Rows}
	}
	return err
}
