package scene

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// Ask asks for a revocation. PortOne notes the time first, so that what the producer takes counts to
// the wait.
func (s *Scene) Ask(ctx context.Context, r tasks.Revocation) error {
	s.PortOne.Ask(r)
	_, err := s.Client.Revoke(ctx, r)
	return err
}

// AskMany asks for each revocation by itself, as fast as enqueue.Client.RevokeMany can, and returns an
// error unless all are queued.
func (s *Scene) AskMany(ctx context.Context, list []tasks.Revocation) error {
	s.PortOne.Ask(list...)
	enqueued := 0
	for result := range s.Client.RevokeMany(ctx, slices.Values(list)) {
		if result.Err != nil {
			return result.Err
		}
		enqueued++
	}
	if enqueued != len(list) {
		return fmt.Errorf("enqueued %d of %d: %w", enqueued, len(list), context.Cause(ctx))
	}
	return nil
}

// AskBatch asks for revocations as a batch, as `revoker bulk` does.
func (s *Scene) AskBatch(ctx context.Context, name string, list []tasks.Revocation) error {
	s.PortOne.Ask(list...)
	return AskLines(ctx, s.Client, name, slices.Values(list))
}

// AskLines asks for a list as a batch, and returns an error unless all of it is queued. A line that is
// a duplicate would be one of an earlier run: then Redis was not empty.
func AskLines(ctx context.Context, client *enqueue.Client, name string, list iter.Seq[tasks.Revocation]) error {
	batch, err := client.Batch(name, enqueue.BatchOptions{Source: "bench"})
	if err != nil {
		return err
	}
	asked, queued := 0, 0
	// Lines are made as the batch asks for them, so that a list of a million takes no memory.
	lines := func(yield func(enqueue.Line) bool) {
		for r := range list {
			asked++
			if !yield(enqueue.Line{Number: asked, ImpUID: r.ImpUID, PG: r.PG}) {
				return
			}
		}
	}
	for result, err := range batch.Ask(ctx, lines) {
		if err != nil {
			return err
		}
		if result.Kind == outcome.KindQueued {
			queued++
		}
	}
	if queued != asked {
		return fmt.Errorf("enqueued %d of %d lines: %w", queued, asked, context.Cause(ctx))
	}
	return nil
}
