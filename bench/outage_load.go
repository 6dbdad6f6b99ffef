package main

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// asking are producers that go on asking.
type asking struct {
	client *enqueue.Client
	stage  *stage

	mu      sync.Mutex
	ends    map[tasks.Gateway][]context.CancelFunc
	running sync.WaitGroup
}

func newAsking(client redis.UniversalClient, s *stage) *asking {
	return &asking{
		client: enqueue.NewClient(client, enqueue.Config{}), stage: s,
		ends: make(map[tasks.Gateway][]context.CancelFunc),
	}
}

// start lets a producer ask for receipts of a gateway, evenly, so many a second.
func (a *asking) start(ctx context.Context, pg tasks.Gateway, rate float64) {
	ctx, end := context.WithCancel(ctx)
	a.mu.Lock()
	a.ends[pg] = append(a.ends[pg], end)
	a.mu.Unlock()
	if rate <= 0 {
		return
	}
	a.running.Go(func() {
		ticker := time.NewTicker(time.Duration(float64(time.Second) / rate))
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			r := tasks.Revocation{ImpUID: a.stage.ask(pg), PG: pg}
			// It is asked for to the end, so that what is counted is also queued.
			if _, err := a.client.Revoke(context.WithoutCancel(ctx), r); err != nil {
				fmt.Fprintln(os.Stderr, "bench:", err) // and the run will not come to its end
			}
		}
	})
}

// end stops the producers of a gateway.
func (a *asking) end(pg tasks.Gateway) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, end := range a.ends[pg] {
		end()
	}
}

// stop stops all producers and waits for them.
func (a *asking) stop() {
	a.mu.Lock()
	for _, ends := range a.ends {
		for _, end := range ends {
			end()
		}
	}
	a.mu.Unlock()
	a.running.Wait()
}

// losses returns how many attempts were spent on a gateway that was down, and
// how many receipts were given up. Of a bare worker every call is an attempt.
func (c *crew) losses(ctx context.Context, s *stage, calls int) (burned, dead int, err error) {
	if c.contender.bare != "" {
		info, err := asynq.NewInspectorFromRedisClient(c.bench.redis.Client).GetQueueInfo(tasks.Queue{PG: outageDown}.Name())
		if err != nil {
			return 0, 0, err
		}
		return calls, info.Archived, nil
	}
	store := outcome.NewStore(c.bench.redis.Client, outcome.Config{})
	letters, err := store.DeadLetters(ctx)
	if err != nil {
		return 0, 0, err
	}
	var impUIDs []string
	for n := range s.waiting(outageDown) + s.count(outageDown) {
		impUIDs = append(impUIDs, outageImpUID(outageDown, n))
	}
	outcomes, err := store.Many(ctx, impUIDs)
	if err != nil {
		return 0, 0, err
	}
	for _, o := range outcomes {
		burned += max(o.Attempts-1, 0)
	}
	return burned, int(letters), nil
}

// count returns how many receipts of a gateway are done.
func (s *stage) count(pg tasks.Gateway) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.done[pg]
}
