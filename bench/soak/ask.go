package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"receiptrevoker/bench/internal/proof"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/wait"
)

// askAgainAfter is how soon a producer or a person tries again whom Redis did not answer.
const askAgainAfter = 100 * time.Millisecond

// ask requests every burst at its time, each in a goroutine of its own, and returns when Redis has
// answered for all, or ctx has ended.
func (k *soak) ask(ctx context.Context) error {
	producers, ctx := errgroup.WithContext(ctx)
	for _, b := range k.plan.asks {
		producers.Go(func() error {
			if err := k.at(ctx, b.at); err != nil {
				return err
			}
			return k.askUntilAccepted(ctx, b)
		})
	}
	return producers.Wait()
}

// askUntilAccepted requests a burst until Redis has answered for all of it, through restarts. The error
// says how many had no answer when ctx ended.
func (k *soak) askUntilAccepted(ctx context.Context, b burst) error {
	for open := b.revocations; ; {
		if open = k.askOnce(ctx, b.batch, open); len(open) == 0 {
			return nil
		}
		if err := wait.For(ctx, askAgainAfter); err != nil {
			return fmt.Errorf("%d revocations were not accepted: %w", len(open), err)
		}
	}
}

// askOnce requests revocations and returns those that were not accepted. A call that failed is noted
// too: the request may have been recorded, and only its answer was lost.
func (k *soak) askOnce(ctx context.Context, batch bool, revocations []tasks.Revocation) (open []tasks.Revocation) {
	if batch {
		return k.askBatch(ctx, revocations)
	}
	for _, r := range revocations {
		began := time.Now()
		result, err := k.client.Revoke(ctx, r)
		k.history.Ask(r.ImpUID, proof.Asking{Began: began, Accepted: err == nil, New: err == nil && !result.Duplicate})
		if err != nil {
			open = append(open, r)
		}
	}
	return open
}

// askBatch requests a list, and returns all of it unless it was read to its end: the batch itself
// knows which rows it has, and continues after them. A list that is cancelled has ended: what
// was recorded of it is read in the end, by acceptRecorded.
func (k *soak) askBatch(ctx context.Context, revocations []tasks.Revocation) (open []tasks.Revocation) {
	batch, err := k.client.Batch(revocations[0].Batch, enqueue.BatchOptions{})
	if err != nil {
		return revocations
	}
	lines := func(yield func(enqueue.Line) bool) {
		for i, r := range revocations {
			if !yield(enqueue.Line{Number: i + 1, ImpUID: r.ImpUID, PG: r.PG, ApplyNum: r.ApplyNum}) {
				return
			}
		}
	}
	// Answers come for chunks of lines: one that had none may have been recorded all the same.
	accepted, began := make(map[string]bool), time.Now()
	defer func() {
		for _, r := range revocations {
			if !accepted[r.ImpUID] {
				k.history.Ask(r.ImpUID, proof.Asking{Batch: r.Batch})
			}
		}
	}()
	for result, err := range batch.Ask(ctx, lines) {
		switch {
		case errors.Is(err, outcome.ErrCancelled):
			return nil
		case err != nil:
			return revocations
		}
		accepted[result.ImpUID] = true
		k.history.Ask(result.ImpUID, proof.Asking{
			Batch: revocations[0].Batch, Began: began, Accepted: true, New: result.Kind == outcome.KindQueued && !result.Before,
		})
	}
	return nil
}

// acceptRecorded accepts what was recorded of the batches that were cancelled: rows are recorded in
// order, so that these are the first lines of each list. All other lines were refused, and must
// never be called for unless another request asks for their receipt.
func (k *soak) acceptRecorded(ctx context.Context) error {
	k.recorded = make(map[string]int)
	lists := k.plan.lists()
	for _, name := range k.plan.cancelledBatches() {
		rows, err := k.outcomes.Rows(ctx, name, 1, len(lists[name]))
		if err != nil {
			return err
		}
		k.recorded[name] = len(rows)
		for i := range rows {
			k.history.Promise(lists[name][i])
		}
	}
	return nil
}
