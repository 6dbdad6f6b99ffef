package main

import (
	"context"
	"fmt"
	"time"

	"receiptrevoker/bench/internal/contender"
	"receiptrevoker/bench/internal/scene"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/wait"
	"receiptrevoker/worker/iamport/iamporttest"
)

const (
	// idleWorkers is how many processes serve all gateways.
	idleWorkers = 10
	// idleAfter is after what time the workers count as idle: they then ask for gates and send
	// heartbeats once a second, and five times a second while they work.
	idleAfter = 10 * time.Second
)

// idle measures what workers of all gateways cost while there is nothing to do, as most of the day:
// what they ask Redis for at intervals.
func (b *bench) idle(ctx context.Context) error {
	return b.each("idle", b.runs, func(uint64) error {
		ctx, cancel := bounded(ctx, 0)
		defer cancel()
		s, err := scene.New(ctx, iamporttest.Config{}, contender.Job{Profile: b.profile})
		if err != nil {
			return err
		}
		defer s.Close()
		// One receipt of each gateway brings its queue into being, as in a Redis that has been in use.
		var list []tasks.Revocation
		for _, pg := range tasks.Gateways() {
			list = append(list, s.PortOne.IssueMany(pg, 1)...)
		}
		if err := s.AskMany(ctx, list); err != nil {
			return err
		}
		if err := s.Start(ctx, idleWorkers); err != nil {
			return err
		}
		if err := s.AwaitIdle(ctx); err != nil {
			return err
		}
		if err := wait.For(ctx, idleAfter); err != nil {
			return err
		}
		return b.watchIdle(ctx, s)
	})
}

// watchIdle enters what share of a core Redis and each worker take, in per cent, over the time that the
// settings say.
func (b *bench) watchIdle(ctx context.Context, s *scene.Scene) error {
	used := func() (redis, workers time.Duration, err error) {
		if redis, err = s.Redis.CPU(ctx); err != nil {
			return 0, 0, err
		}
		for _, process := range s.Workers {
			cpu, err := process.CPU()
			if err != nil {
				return 0, 0, err
			}
			workers += cpu
		}
		return redis, workers, nil
	}
	// Two readings, and the difference by the real time between them: a wait may take longer than
	// it is meant to.
	redis, workers, err := used()
	if err != nil {
		return err
	}
	began := time.Now()
	if err := wait.For(ctx, b.still); err != nil {
		return err
	}
	redisAfter, workersAfter, err := used()
	if err != nil {
		return err
	}
	share := func(cpu time.Duration) float64 { return 100 * cpu.Seconds() / time.Since(began).Seconds() }
	name := fmt.Sprintf("idle: %d workers, %d gateways: ", idleWorkers, len(tasks.Gateways()))
	b.table.figure(name+"Redis, of a core", "< 1 %", "%.2f %%").add(share(redisAfter - redis))
	b.table.figure(name+"each worker, of a core", "< 1 %", "%.2f %%").add(share(workersAfter-workers) / idleWorkers)
	return nil
}
