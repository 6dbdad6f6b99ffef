package enqueue

import (
	"context"
	"iter"
	"sync"

	"golang.org/x/text/unicode/norm"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// BatchOptions are how a list is taken into a batch.
type BatchOptions struct {
	// Source says where the list is, for people.
	Source string
}

// Batch is a list that is asked for as a whole: it is known how far it has
// come, see [outcome.Batch], and asking again continues where it stopped.
type Batch struct {
	name    string
	client  *Client
	by      *route
	options BatchOptions
}

// Batch returns the batch of that name, which need not exist yet. The name is taken in
// Unicode's form NFC, as macOS does not write it. The error says what a batch may be called.
func (c *Client) Batch(name string, options BatchOptions) (*Batch, error) {
	name = norm.NFC.String(name)
	if err := outcome.ValidateBatchName(name); err != nil {
		return nil, err
	}
	return &Batch{name: name, client: c, by: c.many(), options: options}, nil
}

// Status returns how far the batch has come, or an error that matches
// [outcome.ErrNoBatch].
func (b *Batch) Status(ctx context.Context) (outcome.Batch, error) {
	return b.client.outcomes.Batch(ctx, b.name)
}

// Line is one line of a list.
type Line struct {
	// Number is where the line stands, for people: in a file, its line.
	Number int
	ImpUID string
	PG     tasks.Gateway
	// ApplyNum is the number of the receipt that is meant, empty for the one there is;
	// see [tasks.Revocation.ApplyNum].
	ApplyNum string
	// Tier is the code of the sub-merchant, empty for the workers' own; see
	// [tasks.Revocation.Tier].
	Tier string
	// Invalid is why the line cannot be asked for, nil if it can. Text is then
	// what stands there, which tells the list from another.
	Invalid error
	Text    string
}

// LineResult is what came of asking for a line.
type LineResult struct {
	Line
	Kind outcome.Kind
	// First is the number of the line that this one repeats, 0 if it repeats none.
	First int
	// Before tells that the line was answered by an earlier call already.
	Before bool
}

const (
	// chunkSize is how many lines are recorded in one step. Redis takes 1.2 ms for it,
	// in which it answers no other client.
	chunkSize = 250
	// chunksAhead is how many chunks may be on their way.
	chunksAhead = 4
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
