package enqueue

import (
	"context"
	"errors"

	"receiptrevoker/tasks/outcome"
)

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
