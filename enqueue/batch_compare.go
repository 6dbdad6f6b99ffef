package enqueue

import (
	"context"
	"errors"
	"iter"

	"receiptrevoker/tasks/outcome"
)

// Compare yields what came of asking for every line of a list, as far as the
// batch knows: the kind is 0 for a line that has no answer. It asks for
// nothing, and holds few lines at a time.
//
// The error is a [*MismatchError] if the batch was made of another list, matches
// [outcome.ErrNoBatch] if there is no such batch, and is otherwise Redis' own;
// each ends it. A list that is shorter than the batch's own is no mismatch.
func (b *Batch) Compare(ctx context.Context, lines iter.Seq[Line]) iter.Seq2[LineResult, error] {
	return func(yield func(LineResult, error) bool) {
		for c := range b.chunks("", nil, lines) {
			if err := c.recognise(ctx); err != nil {
				yield(LineResult{}, err)
				return
			}
			for _, result := range c.results {
				if !yield(result, nil) {
					return
				}
			}
		}
	}
}

// recognise takes over what the batch has of the chunk's rows.
func (c *chunk) recognise(ctx context.Context) error {
	known, err := c.by.outcomes.Rows(ctx, c.name, c.first, len(c.rows))
	if err != nil {
		return err
	}
	for i := range c.results {
		c.results[i].Kind = 0
	}
	for i, row := range known {
		if row.Digest != c.rows[i].Digest {
			return c.explain(&outcome.OtherListError{Batch: c.name, Row: c.first + i})
		}
		c.take(i, row.Kind, true)
	}
	if len(known) == len(c.rows) {
		return nil
	}
	batch, err := c.Status(ctx)
	if err == nil && batch.Complete {
		return c.explain(&outcome.OtherListError{Batch: c.name, Rows: batch.Lines})
	}
	if errors.Is(err, outcome.ErrNoBatch) {
		err = nil // its life has ended meanwhile
	}
	return err
}
