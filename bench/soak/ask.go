package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
)

// askAgainAfter is how soon a producer asks again that Redis did not answer.
const askAgainAfter = 100 * time.Millisecond

// accepted are the imp_uids whose revocation was promised to a producer.
type accepted struct {
	mu      sync.Mutex
	impUIDs map[string]bool
}

func (a *accepted) add(impUID string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.impUIDs == nil {
		a.impUIDs = make(map[string]bool)
	}
	a.impUIDs[impUID] = true
}

// sorted returns all of them.
func (a *accepted) sorted() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := make([]string, 0, len(a.impUIDs))
	for impUID := range a.impUIDs {
		all = append(all, impUID)
	}
	slices.Sort(all)
	return all
}

// ask asks for every burst at its time, each as often as it takes.
func (k *soak) ask(ctx context.Context) error {
	producers, ctx := errgroup.WithContext(ctx)
	for _, b := range k.plan.asks {
		producers.Go(func() error {
			if err := k.at(ctx, b.at); err != nil {
				return err
			}
			open := b.revocations
			for len(open) > 0 {
				open = k.askOnce(ctx, b.batch, open)
				if err := sleep(ctx, askAgainAfter); err != nil {
					return fmt.Errorf("%d revocations were not accepted: %w", len(open), err)
				}
			}
			return nil
		})
	}
	return producers.Wait()
}

// askOnce asks for revocations and returns those that were not accepted.
func (k *soak) askOnce(ctx context.Context, batch bool, revocations []tasks.Revocation) (open []tasks.Revocation) {
	if batch {
		return k.askBatch(ctx, revocations)
	}
	for _, r := range revocations {
		if _, err := k.client.Revoke(ctx, r); err != nil {
			open = append(open, r)
			continue
		}
		k.accepted.add(r.ImpUID)
	}
	return open
}

// askBatch asks for a list, and returns all of it unless it was read to its end:
// the batch itself knows where to go on.
func (k *soak) askBatch(ctx context.Context, revocations []tasks.Revocation) (open []tasks.Revocation) {
	batch, err := k.client.Batch(revocations[0].Batch, enqueue.BatchOptions{})
	if err != nil {
		return revocations
	}
	lines := func(yield func(enqueue.Line) bool) {
		for i, r := range revocations {
			if !yield(enqueue.Line{Number: i + 1, ImpUID: r.ImpUID, PG: r.PG}) {
				return
			}
		}
	}
	for result, err := range batch.Ask(ctx, lines) {
		if err != nil {
			return revocations
		}
		k.accepted.add(result.ImpUID)
	}
	return nil
}

// at waits until a time from the start.
func (k *soak) at(ctx context.Context, at time.Duration) error {
	return sleep(ctx, time.Until(k.began.Add(at)))
}

// sleep waits for d, or returns why it did not.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}
