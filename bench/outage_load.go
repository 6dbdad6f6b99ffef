package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
)

// asking are producers that keep asking.
type asking struct {
	client  *enqueue.Client
	portone *watched

	mu      sync.Mutex
	ends    map[tasks.Gateway][]context.CancelFunc
	running sync.WaitGroup
}

func newAsking(client redis.UniversalClient, s *watched) *asking {
	return &asking{
		client: enqueue.NewClient(client, enqueue.Config{}), portone: s,
		ends: make(map[tasks.Gateway][]context.CancelFunc),
	}
}

// start starts a producer that asks for receipts of a gateway, evenly, so many a second.
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
			r := tasks.Revocation{ImpUID: a.portone.next(pg), PG: pg}
			a.portone.ask(pg, r.ImpUID)
			// It is asked for to the end, so that what is counted is also queued.
			if _, err := a.client.Revoke(context.WithoutCancel(ctx), r); err != nil {
				fmt.Fprintln(os.Stderr, "bench:", err) // and the run will not come to its end
			}
		}
	})
}

// atOnce asks for so many receipts of a gateway as fast as it can.
func (a *asking) atOnce(ctx context.Context, pg tasks.Gateway, count int) error {
	list := make([]tasks.Revocation, count)
	impUIDs := make([]string, count)
	for i := range list {
		impUIDs[i] = a.portone.next(pg)
		list[i] = tasks.Revocation{ImpUID: impUIDs[i], PG: pg}
	}
	a.portone.ask(pg, impUIDs...)
	return revokeAll(ctx, a.client, list)
}

// revokeAll asks for each of the revocations, and returns an error unless all
// are enqueued.
func revokeAll(ctx context.Context, client *enqueue.Client, list []tasks.Revocation) error {
	enqueued := 0
	for result := range client.RevokeMany(ctx, slices.Values(list)) {
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
