package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"receiptrevoker/bench/internal/contender"
	"receiptrevoker/bench/internal/portone"
	"receiptrevoker/bench/internal/scene"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/wait"
	"receiptrevoker/worker/iamport/iamporttest"
)

// mostIdle bounds the random pause before a sample, so that samples do not fall in step with what an
// idle worker does at intervals.
const mostIdle = 200 * time.Millisecond

// pickup measures the time from asking for a revocation, while the worker has nothing to do, to the
// DELETE's arrival. It has the producer's two steps in it, the record in Redis and the task, and the
// message that wakes the worker.
func (b *bench) pickup(ctx context.Context) error {
	return b.each("pickup", b.runs, func(uint64) error {
		waits, err := b.pickupRun(ctx)
		if err != nil {
			return err
		}
		slices.Sort(waits)
		b.table.figure(fmt.Sprintf("pickup: median of %d", b.samples), "< 3 ms", "%.1f ms").add(quantile(waits, 0.5))
		b.table.figure("pickup: 95th percentile", "< 10 ms", "%.1f ms").add(quantile(waits, 0.95))
		b.table.figure("pickup: longest", "", "%.1f ms").add(quantile(waits, 1))
		return nil
	})
}

// pickupRun returns the times of all samples of one worker, in milliseconds. The revocation before the
// first sample is not counted: it brings its queue into being, and pays for the worker's token and its
// first connections.
func (b *bench) pickupRun(ctx context.Context) (waits []float64, err error) {
	ctx, cancel := bounded(ctx, 10*b.samples)
	defer cancel()
	s, err := scene.New(ctx, iamporttest.Config{}, contender.Job{Profile: b.profile})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if err := s.Start(ctx, 1); err != nil {
		return nil, err
	}
	var first tasks.Revocation
	// One after the other: the worker has nothing to do when each is asked for.
	for i := range b.samples + 1 {
		r := s.PortOne.Issue(iamporttest.Receipt{PG: gateway})
		if i == 0 {
			first = r
		}
		if err := s.Ask(ctx, r); err != nil {
			return nil, err
		}
		if err := s.AwaitNone(ctx, portone.Seen.Open); err != nil {
			return nil, err
		}
		if err := wait.For(ctx, rand.N(mostIdle)); err != nil {
			return nil, err
		}
	}
	s.PortOne.Each(func(impUID string, seen portone.Seen) {
		if impUID != first.ImpUID {
			waits = append(waits, milliseconds(seen.Called.Sub(seen.Asked)))
		}
	})
	if _, err := s.Workers[0].Stop(); err != nil {
		return nil, err
	}
	// Anything but one DELETE for each sample would have been measured, too.
	return waits, s.PortOne.Once()
}
