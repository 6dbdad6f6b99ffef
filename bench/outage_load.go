package main

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
)

// asking are producers that go on asking.
type asking struct {
	client  *enqueue.Client
	portone *outagePortOne

	mu      sync.Mutex
	ends    map[tasks.Gateway][]context.CancelFunc
	running sync.WaitGroup
}

func newAsking(client redis.UniversalClient, s *outagePortOne) *asking {
	return &asking{
		client: enqueue.NewClient(client, enqueue.Config{}), portone: s,
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
			r := tasks.Revocation{ImpUID: a.portone.ask(pg), PG: pg}
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
