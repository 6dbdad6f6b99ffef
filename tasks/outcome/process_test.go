package outcome_test

import (
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/redistest"
)

func TestWritableLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	store, ctx := outcome.NewStore(client, outcome.Config{}), t.Context()
	if err := store.Writable(ctx); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); client.DBSize(ctx).Val() > 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the key stays")
		}
	}
	if err := client.ConfigSet(ctx, "min-replicas-to-write", "1").Err(); err != nil {
		t.Fatal(err)
	}
	if err := store.Writable(ctx); err == nil {
		t.Error("a Redis that refuses writes passes for writable")
	}
}

// A worker that has seen a greater count than Redis holds tells everybody.
func TestHeartbeatNoticesWhatRedisLost(t *testing.T) {
	t.Parallel()
	const count, lossy = "{receipt}:worker:a", "{receipt}:lossy"
	tests := map[string]struct {
		lose  []any
		lossy bool
	}{
		"nothing":          {[]any{"ping"}, false},
		"the last beat":    {[]any{"decr", count}, true},
		"several beats":    {[]any{"set", count, "1"}, true},
		"everything":       {[]any{"flushall"}, true},
		"count is a word":  {[]any{"set", count, "x"}, true},
		"count of another": {[]any{"del", "{receipt}:worker:b"}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.Both(t, func(t *testing.T, client *redis.Client) {
				store, ctx := newStore(client), t.Context()
				a, b := store.Heartbeat("a"), store.Heartbeat("b")
				beat(t, a, false)
				beat(t, a, false)
				beat(t, b, false)
				beat(t, a, false)
				if err := client.Do(ctx, test.lose...).Err(); err != nil {
					t.Fatal(err)
				}
				beat(t, a, test.lossy)
				beat(t, a, test.lossy)
				beat(t, store.Heartbeat("c"), test.lossy) // it has just started, and hears of it from a
				attempt, err := store.Begin(ctx, tasks.Revocation{ImpUID: "imp_1"}, time.Minute)
				if err != nil || attempt.Uncertain() != test.lossy {
					t.Errorf("got %+v, %v; want uncertain %t", attempt, err, test.lossy)
				}
				if !test.lossy {
					return
				}
				till, err := client.Get(ctx, lossy).Int64()
				left, lives := time.UnixMilli(till).Sub(client.Time(ctx).Val()), client.PTTL(ctx, lossy).Val()
				if err != nil || (left-lives).Abs() > 10*time.Second || left > 24*time.Hour {
					t.Errorf("%v: until %v from now, and kept for %v", err, left, lives)
				}
				if err := client.Del(ctx, lossy).Err(); err != nil { // as after a day
					t.Fatal(err)
				}
				beat(t, a, false)
				attempt, err = store.Begin(ctx, tasks.Revocation{ImpUID: "imp_2"}, time.Minute)
				if err != nil || attempt.Uncertain() {
					t.Errorf("got %+v, %v; want it certain", attempt, err)
				}
				if err := client.Del(ctx, count, lossy).Err(); err != nil { // Redis loses what it lost, too
					t.Fatal(err)
				}
				beat(t, a, true)
			})
		})
	}
}

// A worker that has just started remembers nothing, whatever Redis lost before.
func TestHeartbeatOfANewWorkerReportsNothing(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, client *redis.Client) {
		store := newStore(client)
		beat(t, store.Heartbeat("a"), false)
		client.FlushAll(t.Context())
		beat(t, store.Heartbeat("b"), false)
	})
}

// Replies that are lost, or come in another order, are no loss.
func TestHeartbeatsAtOnceReportNothing(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, client *redis.Client) {
		w := newWorld(client)
		w.lost = true // each beat counts twice
		heart := w.store.Heartbeat("a")
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				for range 20 {
					beat(t, heart, false)
				}
			})
		}
		all.Wait()
	})
}

func beat(t *testing.T, heart *outcome.Heartbeat, lossy bool) {
	t.Helper()
	left, err := heart.Beat(t.Context())
	if err != nil || (left > 0) != lossy || left > 24*time.Hour {
		t.Errorf("got %v, %v; want lossy %t", left, err, lossy)
	}
}
