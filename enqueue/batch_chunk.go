package enqueue

import (
	"context"
	"errors"
	"iter"

	"go.opentelemetry.io/otel/trace"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/outcome"
)

const (
	// chunkSize is how many lines are recorded in one step. Redis takes 1.2 ms for it,
	// in which it answers no other client.
	chunkSize = 250
	// chunksAhead is how many chunks may be on their way, so that the next is recorded while
	// those before are enqueued. It bounds what is read ahead to 1,000 lines.
	chunksAhead = 4
)

// chunk is a number of lines that are asked for together.
type chunk struct {
	*Batch
	first    int // row of the batch that the first line is
	results  []LineResult
	rows     []outcome.Row
	requests []tasks.Revocation
	caller   string

	done chan struct{} // closed once there is nothing left to do
	err  error
}

// chunks yields the lines of a list in chunks, the last of which is not full, and may be
// empty.
func (b *Batch) chunks(caller string, firsts *firsts, lines iter.Seq[Line]) iter.Seq[*chunk] {
	return func(yield func(*chunk) bool) {
		next := b.newChunk(caller, 1)
		for line := range lines {
			next.add(firsts, line)
			if len(next.results) < chunkSize {
				continue
			}
			if !yield(next) {
				return
			}
			next = b.newChunk(caller, next.first+chunkSize)
		}
		yield(next)
	}
}

func (b *Batch) newChunk(caller string, first int) *chunk {
	return &chunk{
		Batch: b, caller: caller, first: first, done: make(chan struct{}), results: make([]LineResult, 0, chunkSize),
		rows: make([]outcome.Row, 0, chunkSize), requests: make([]tasks.Revocation, 0, chunkSize),
	}
}

// add adds a line, as [check] takes it.
func (c *chunk) add(firsts *firsts, line Line) {
	r := line.revocation()
	r.Batch, r.Row = c.name, c.first+len(c.rows)
	result := check(firsts, line, r)
	c.results = append(c.results, result)
	c.rows = append(c.rows, outcome.Row{Kind: result.Kind, Digest: result.digest()})
	c.requests = append(c.requests, r)
}

// record records what the lines ask for, past the commands that enqueue those before: the
// next lines wait for it.
func (c *chunk) record(ctx context.Context) error {
	for _, r := range c.requests {
		if err := c.client.workers.Understand(ctx, r); err != nil {
			return err
		}
	}
	asked, err := c.client.outcomes.AskRowsAs(ctx, c.caller, c.name, c.options.Source, c.first, c.rows, c.requests)
	if err != nil {
		return c.explain(err)
	}
	enqueue := c.requests[:0]
	for i, a := range asked {
		c.take(i, a.Kind, a.Before)
		if a.Enqueue {
			enqueue = append(enqueue, c.requests[i])
		}
	}
	c.requests = enqueue
	return nil
}

// take takes over what is known of a line. A good line is invalid only because of what
// else was asked for, and one that contradicts another may have been asked for before that
// was read.
func (c *chunk) take(line int, kind outcome.Kind, before bool) {
	result := &c.results[line]
	result.Kind, result.Before = kind, before
	switch {
	case kind != outcome.KindInvalid:
		result.Invalid = nil
	case result.Invalid == nil:
		result.Invalid = result.otherReceipt()
	}
}

// explain says which line of the list is not what the batch was made of.
func (c *chunk) explain(err error) error {
	other, is := errors.AsType[*outcome.OtherListError](err)
	if !is {
		return err
	}
	at := other.Row - c.first
	if other.Row == 0 {
		at = max(other.Rows-c.first+1, 0)
	}
	if at >= len(c.results) {
		return err
	}
	line := c.results[at]
	return &MismatchError{Batch: c.name, Line: line.Number, Text: line.text(), Lines: other.Rows}
}

// enqueue enqueues what was recorded. Done again after an error, it continues with the
// rest.
func (c *chunk) enqueue(ctx context.Context) error {
	producer := c.by.tasks()
	spans := make([]trace.Span, 0, len(c.requests))
	composed := make([]asynqkeys.Task, 0, len(c.requests))
	for _, r := range c.requests {
		ctx, span := c.client.tracer.line(ctx, r)
		task, err := producer.Task(ctx, r, c.client.options...)
		spans, composed = append(spans, span), append(composed, task)
		if err != nil { // its line would have been invalid
			for _, span := range spans {
				end(span, false, err)
			}
			return err
		}
	}
	left := c.requests[:0]
	var failure error
	for i, result := range producer.EnqueueAll(ctx, composed) {
		end(spans[i], !result.New && result.Err == nil, result.Err)
		if result.Err != nil {
			left, failure = append(left, c.requests[i]), result.Err
		}
	}
	c.requests = left
	return failure
}
