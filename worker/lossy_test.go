package worker_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker"
	"receiptrevoker/worker/iamport/iamporttest"
)

// counts returns the sum of what workers have counted.
func (b *bench) counts(t *testing.T) (sum int64) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	for _, key := range b.client.Keys(ctx, "{receipt}:worker:*").Val() {
		count, err := b.client.Get(ctx, key).Int64()
		if err != nil {
			t.Fatal(err)
		}
		sum += count
	}
	return sum
}

// A power loss with appendfsync everysec, or a failover: a receipt was called for
// and written as revoked, and Redis knows of neither.
func TestRedisForgetsItsLastSecond(t *testing.T) {
	t.Parallel()
	for pg, want := range map[tasks.Gateway]outcome.Reason{
		tasks.Settle: outcome.ReasonUnconfirmed, tasks.KCP: outcome.ReasonAlreadyRevoked,
	} {
		t.Run(string(pg), func(t *testing.T) {
			t.Parallel()
			redistest.Each(t, func(t *testing.T, server *redistest.Server) {
				portone := iamporttest.Config{AlreadyRevoked: 400}
				if !pg.LooksUp() {
					portone.Faults = unreadable().Faults
				}
				b := newBench(t, server.Client(t), portone)
				b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: pg})
				var log lines
				for range 2 {
					b.start(t, func(config *worker.Config) { config.Log = slog.New(slog.NewJSONHandler(&log, nil)) })
				}
				eventually(t, "both workers count", func() bool {
					return len(b.client.Keys(t.Context(), "{receipt}:worker:*").Val()) == 2
				})
				if err := b.client.Save(t.Context()).Err(); err != nil {
					t.Fatal(err)
				}
				kept := b.counts(t)
				b.enqueue(t, tasks.Revocation{ImpUID: one, PG: pg})
				if o := b.await(t, one, terminal); o.Status != outcome.Revoked {
					t.Fatalf("got %s %s, want it revoked", o.Status, o.Reason)
				}
				eventually(t, "both count more than Redis kept", func() bool { return b.counts(t) > kept+5 })
				server.Kill()
				if err := server.Up(); err != nil {
					t.Fatal(err)
				}
				eventually(t, "Redis has forgotten it", func() bool { // which the client may hear of late
					_, err := b.outcomes.Get(t.Context(), one)
					return errors.Is(err, outcome.ErrNotFound)
				})
				b.enqueue(t, tasks.Revocation{ImpUID: one, PG: pg}) // who asked asks again
				if o := b.await(t, one, terminal); o.Reason != want {
					t.Errorf("got %s %s, want %s", o.Status, o.Reason, want)
				}
				eventually(t, "both workers say so", func() bool { return log.count("Redis has lost what it had confirmed") >= 2 })
				if said := log.count("Redis has lost what it had confirmed"); said != 2 {
					t.Errorf("said %d times, want once by each", said)
				}
			})
		})
	}
}

// An attempt that began before anybody had noticed the loss.
func TestRedisForgetsAndNobodyHasNoticed(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		var b *bench
		portone := unreadable()
		portone.OnCall = func(call iamporttest.Call) {
			if call.Operation != iamporttest.OpRevoke {
				return
			}
			for _, key := range b.client.Keys(context.Background(), "{receipt}:worker:*").Val() {
				b.client.Set(context.Background(), key, 0, 0)
			}
		}
		b = newBench(t, client, portone) // which has issued no receipt
		b.start(t)
		eventually(t, "the worker counts", func() bool { return b.counts(t) > 0 })
		b.enqueue(t, tasks.Revocation{ImpUID: one, PG: tasks.Settle})
		if o := b.await(t, one, terminal); o.Reason != outcome.ReasonUnconfirmed {
			t.Errorf("got %s %s, want it unconfirmed", o.Status, o.Reason)
		}
	})
}

// A Redis that restarts and keeps everything makes nothing uncertain.
func TestRestartThatLosesNothingIsNoLoss(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--appendonly", "yes")
	b := newBench(t, server.Client(t), unreadable()) // which has issued no receipt
	b.start(t)
	eventually(t, "the worker counts", func() bool { return b.counts(t) > 3 })
	before := b.counts(t)
	server.Kill()
	if err := server.Up(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the worker counts on", func() bool { return b.counts(t) > before+3 })
	b.enqueue(t, tasks.Revocation{ImpUID: one, PG: tasks.Settle})
	if o := b.await(t, one, terminal); o.Reason != outcome.ReasonNotIssued {
		t.Errorf("got %s %s, want that none was issued", o.Status, o.Reason)
	}
	if b.client.Exists(t.Context(), "{receipt}:lossy").Val() == 1 {
		t.Error("Redis is said to have lost something")
	}
}
