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

// askAgainAfter is how soon a producer that Redis did not answer asks again.
const askAgainAfter = 100 * time.Millisecond

// ask asks for every burst at its time, each as often as it takes. A burst has a goroutine of its
// own, as producers do not wait for each other.
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

// askUntilAccepted asks for a burst until Redis has accepted all of it, as README tells producers
// to: a call that failed half-way is repeated, and requesting twice is the same as requesting once.
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

// askOnce asks for revocations and returns those that were not accepted. Those of no batch are
// asked for one by one.
func (k *soak) askOnce(ctx context.Context, batch bool, revocations []tasks.Revocation) (open []tasks.Revocation) {
	if batch {
		return k.askBatch(ctx, revocations)
	}
	for _, r := range revocations {
		began := time.Now()
		result, err := k.client.Revoke(ctx, r)
		// Without an answer the request may be recorded all the same. The history notes it as not
		// accepted.
		k.history.Ask(r.ImpUID, proof.Asking{Began: began, Accepted: err == nil, New: err == nil && !result.Duplicate})
		if err != nil {
			open = append(open, r)
		}
	}
	return open
}

// askBatch asks for a list, and returns all of it unless it was read to its end: the batch itself
// knows where to continue. A list whose batch is cancelled meanwhile is done; which of its lines
// were recorded is read in the end, see [soak.acceptRecorded].
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
	accepted, began := make(map[string]bool), time.Now()
	// Lines without an answer are noted as well: they may be recorded, and what is done to them has
	// to be judged.
	defer func() {
		for _, r := range revocations {
			if !accepted[r.ImpUID] {
				k.history.Ask(r.ImpUID, proof.Asking{Batch: r.Batch})
			}
		}
	}()
	for result, err := range batch.Ask(ctx, lines) {
		switch {
		// A cancelled batch refuses its remaining lines: that is no failure.
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

// acceptRecorded notes that the lines which were recorded of cancelled batches stand as requests.
// They must end like any other, although no producer was told of them.
func (k *soak) acceptRecorded(ctx context.Context) error {
	k.recorded = make(map[string]int)
	lists := k.plan.lists()
	for _, name := range k.plan.cancelledBatches() {
		// Rows are recorded in the order of the list, so that the first ones are those that there
		// are.
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
