package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hibiken/asynq"

	"receiptrevoker/bench/internal/benchredis"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks/wait"
	"receiptrevoker/worker/iamport/iamporttest"
)

// scene is a run of mixed, with a PortOne, a Redis and workers of its own.
type scene struct {
	*watched
	redis  *benchredis.Server
	client *enqueue.Client
	job    job
	bench  *bench

	workers children
}

// stage returns a scene that the seed decides, in which all workers serve queues.
// The caller strikes it, also after an error.
func (b *bench) stage(ctx context.Context, seed uint64, who contestant) (*scene, error) {
	s := &scene{bench: b}
	var err error
	s.watched, err = startWatched(iamporttest.Config{
		Seed: seed, Latency: iamporttest.Latency{Median: mixedLatency},
		TokenLifetime: 24 * time.Hour, // the bare handler obtains none
	})
	if err != nil {
		return s, err
	}
	disk, err := b.onDisk(ctx)
	if err != nil {
		return s, err
	}
	s.redis = disk.redis
	s.client = enqueue.NewClient(s.redis.Client, enqueue.Config{})
	token, err := s.token(ctx)
	if err != nil {
		return s, err
	}
	s.job = job{
		Bare: who.bare, RedisAddr: s.redis.Addr, URL: s.url(), Token: token, Slots: mixedSlots,
		Schedule: who.schedule, Gate: who.gate,
	}
	if err := s.start(ctx); err != nil {
		return s, err
	}
	return s, s.awaitServing(ctx)
}

// strike ends all that takes part.
func (s *scene) strike() {
	s.workers.kill()
	if s.watched != nil {
		s.close()
	}
	if s.redis != nil {
		s.redis.Stop()
	}
}

// start starts the workers.
func (s *scene) start(ctx context.Context) (err error) {
	s.workers, err = startChildren(ctx, mixedProcesses, s.job)
	return err
}

// awaitServing waits until every worker serves queues.
func (s *scene) awaitServing(ctx context.Context) error {
	inspector := asynq.NewInspectorFromRedisClient(s.redis.Client)
	for {
		servers, err := inspector.Servers()
		if err != nil {
			return err
		}
		serving := make(map[int]bool)
		for _, server := range servers {
			serving[server.PID] = true
		}
		if len(serving) == mixedProcesses {
			return nil
		}
		if err := wait.For(ctx, watchEvery); err != nil {
			return fmt.Errorf("%d of %d workers serve queues: %w", len(serving), mixedProcesses, err)
		}
	}
}

// take issues so many receipts of the gateway, of which all fail or none does.
func (s *scene) take(count int, failing bool) (impUIDs []string) {
	for len(impUIDs) < count {
		if impUID := s.next(mixedGateway); s.fails(impUID) == failing {
			impUIDs = append(impUIDs, impUID)
		}
	}
	return impUIDs
}

// issueMany issues so many receipts of the gateway.
func (s *scene) issueMany(count int) []string {
	impUIDs := make([]string, count)
	for i := range impUIDs {
		impUIDs[i] = s.next(mixedGateway)
	}
	return impUIDs
}

// askBulk asks for receipts of the gateway as a batch, as revoker bulk does.
func (s *scene) askBulk(ctx context.Context, name string, impUIDs []string) error {
	s.ask(mixedGateway, impUIDs...)
	lines := func(yield func(enqueue.Line) bool) {
		for i, impUID := range impUIDs {
			if !yield(enqueue.Line{Number: i + 1, ImpUID: impUID, PG: mixedGateway}) {
				return
			}
		}
	}
	return askList(ctx, s.client, name, lines, len(impUIDs))
}

// warm makes so many calls that succeed.
func (s *scene) warm(ctx context.Context, calls int) error {
	if calls == 0 {
		return nil
	}
	if err := s.askBulk(ctx, "warm", s.issueMany(calls)); err != nil {
		return err
	}
	return s.awaitDone(ctx, mixedGateway)
}

// awaitFor waits like await, but no longer than limit, and reports whether that
// was enough.
func awaitFor(ctx context.Context, limit time.Duration, await func(context.Context) error) (bool, error) {
	within, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := await(within)
	if err != nil && ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		return false, nil
	}
	return err == nil, err
}
