package enqueue

import (
	"context"
	"iter"
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
		reader := &batchReader{Batch: b, lists: b.readLists}
		next := b.newChunk()
		for line := range lines {
			next.add(nil, line)
			if len(next.results) < chunkSize {
				continue
			}
			if !reader.compare(ctx, next, yield) {
				return
			}
			next = b.newChunk()
		}
		reader.compare(ctx, next, yield)
	}
}

// compare yields what the batch has of the next chunk, and reports whether to
// go on.
func (r *batchReader) compare(ctx context.Context, c *chunk, yield func(LineResult, error) bool) bool {
	if err := r.recogniseNext(ctx, c); err != nil {
		yield(LineResult{}, err)
		return false
	}
	r.rows += len(c.results)
	for _, result := range c.results {
		if !yield(result, nil) {
			return false
		}
	}
	return true
}
