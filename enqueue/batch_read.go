package enqueue

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"receiptrevoker/tasks/outcome"
)

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
	var other *outcome.OtherListError
	if errors.As(err, &other) {
		return &MismatchError{Batch: r.name, Lines: other.Rows}
	}
	return err
}

// MismatchError says that a list is not the one that a batch was made of. It matches
// [outcome.ErrOtherList].
type MismatchError struct {
	Batch string
	// Line is the first line that is another, and Text what stands there: an
	// imp_uid and, if it has one, its gateway. Line is 0 where the list ends too early.
	Line int
	Text string
	// Lines is how many the batch's list has, where the one given is longer or
	// shorter.
	Lines int
}

func (e *MismatchError) Unwrap() error { return outcome.ErrOtherList }

func (e *MismatchError) Error() string {
	difference := fmt.Sprintf("line %d is now %.80s", e.Line, e.Text)
	switch {
	case e.Lines > 0 && e.Line > 0:
		difference = fmt.Sprintf("line %d is beyond the %d lines the batch was made of", e.Line, e.Lines)
	case e.Lines > 0:
		difference = fmt.Sprintf("it ends before the %d lines the batch was made of", e.Lines)
	}
	return fmt.Sprintf("the batch %s was made of another list: %s", e.Batch, difference)
}
