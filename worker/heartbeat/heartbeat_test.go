package heartbeat_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/heartbeat"
)

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
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				store, ctx := outcome.NewStore(client, outcome.Config{}), t.Context()
				a, b := start(client, "a"), start(client, "b")
				beat(t, a, false)
				beat(t, a, false)
				beat(t, b, false)
				beat(t, a, false)
				if err := client.Do(ctx, test.lose...).Err(); err != nil {
					t.Fatal(err)
				}
				beat(t, a, test.lossy)
				beat(t, a, test.lossy)
				beat(t, start(client, "c"), test.lossy) // it has just started, and hears of it from a
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
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		beat(t, start(client, "a"), false)
		client.FlushAll(t.Context())
		beat(t, start(client, "b"), false)
	})
}

// A worker notices that Redis lost an attempt, also where no heartbeat came between.
func TestAttemptCountsAsAHeartbeat(t *testing.T) {
	t.Parallel()
	const count = "{receipt}:worker:a"
	tests := map[string]struct {
		lose  []any
		lossy bool
	}{
		"kept":       {[]any{"ping"}, false},
		"lost":       {[]any{"decr", count}, true},
		"all lost":   {[]any{"del", count}, true},
		"mistreated": {[]any{"set", count, "x"}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				store, heart := outcome.NewStore(client, outcome.Config{}), start(client, "a")
				beat(t, heart, false)
				begin := func(impUID string) (uncertain bool) {
					t.Helper()
					r := tasks.Revocation{ImpUID: impUID}
					attempt, err := store.BeginAs(t.Context(), r, time.Minute, outcome.NewCaller(), heart.Witness())
					if err != nil {
						t.Fatal(err)
					}
					heart.Saw(attempt.Beats)
					return attempt.Uncertain()
				}
				begin("imp_1")
				begin("imp_2")
				if err := client.Do(t.Context(), test.lose...).Err(); err != nil {
					t.Fatal(err)
				}
				for i := range 5 { // more than were lost
					if uncertain := begin(fmt.Sprint("imp_again", i)); uncertain != test.lossy {
						t.Errorf("attempt %d: uncertain %t, want %t", i, uncertain, test.lossy)
					}
				}
				beat(t, heart, test.lossy)
			})
		})
	}
}

// Whoever was not there when Redis lost something leaves others the time to tell.
func TestWorkerIsUnsettledAfterAGap(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		heart := start(client, "a")
		unsettled := func(when string, least, most time.Duration) {
			t.Helper()
			if left := heart.Unsettled(); left < least || left > most {
				t.Errorf("%s: %v, want from %v to %v", when, left, least, most)
			}
		}
		steadily := func() {
			for began := time.Now(); time.Since(began) < 2100*time.Millisecond; time.Sleep(100 * time.Millisecond) {
				beat(t, heart, false)
			}
		}
		unsettled("at the start", 2*time.Second, 2*time.Second)
		beat(t, heart, false)
		unsettled("after one heartbeat", time.Millisecond, 2*time.Second)
		steadily()
		unsettled("after two seconds", 0, 0)
		time.Sleep(1600 * time.Millisecond)
		unsettled("without heartbeats", 2*time.Second, 2*time.Second)
		beat(t, heart, false)
		unsettled("after a gap", time.Millisecond, 2*time.Second)
		steadily()
		unsettled("two seconds after it", 0, 0)
		time.Sleep(800 * time.Millisecond)
		unsettled("as an idle worker has it", 500*time.Millisecond, 500*time.Millisecond)
		beat(t, heart, false)
		unsettled("as soon as it works", time.Millisecond, 500*time.Millisecond)
	})
}

// Replies that are lost, or come in another order, are no loss.
func TestHeartbeatsAtOnceReportNothing(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		client.AddHook(twice{})
		heart := start(client, "a")
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

func beat(t *testing.T, heart *heartbeat.Heartbeat, lossy bool) {
	t.Helper()
	left, err := heart.Beat(t.Context())
	if err != nil || (left > 0) != lossy || left > 24*time.Hour {
		t.Errorf("got %v, %v; want lossy %t", left, err, lossy)
	}
}

func start(client *redis.Client, process string) *heartbeat.Heartbeat {
	return heartbeat.New(outcome.NewStore(client, outcome.Config{}), process)
}

// twice sends each command again, as where its first reply is lost.
type twice struct{}

func (twice) DialHook(next redis.DialHook) redis.DialHook { return next }

func (twice) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (twice) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if err := next(ctx, cmd); err != nil {
			return err
		}
		return next(ctx, cmd)
	}
}
