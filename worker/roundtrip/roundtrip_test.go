package roundtrip_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/worker/roundtrip"
)

var (
	echo  = redis.NewScript(`return {KEYS[1], ARGV[1]}`)
	fails = redis.NewScript(`return redis.error_reply('WRONG ' .. ARGV[1])`)
)

// trips counts round trips, and lets none through while it is shut.
type trips struct {
	count atomic.Int64
	shut  sync.RWMutex
}

func (*trips) DialHook(next redis.DialHook) redis.DialHook { return next }

func (t *trips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		t.shut.RLock()
		defer t.shut.RUnlock()
		t.count.Add(1)
		return next(ctx, cmd)
	}
}

func (t *trips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		t.shut.RLock()
		defer t.shut.RUnlock()
		t.count.Add(1)
		return next(ctx, cmds)
	}
}

func TestManyShareRoundTrips(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		hook := &trips{}
		client.AddHook(hook)
		shared := roundtrip.New(t.Context(), client)
		if err := echo.Run(t.Context(), shared, []string{"k"}, 0).Err(); err != nil { // Redis knows the script
			t.Fatal(err)
		}
		hook.shut.Lock() // what comes now waits for the first ones
		const callers = 500
		var all sync.WaitGroup
		for i := range callers {
			all.Go(func() {
				script, want := echo, fmt.Sprintf("[k%d %d]", i, i)
				if i%10 == 0 {
					script, want = fails, fmt.Sprintf("WRONG %d", i)
				}
				reply, err := script.Run(t.Context(), shared, []string{fmt.Sprint("k", i)}, i).Result()
				if got := fmt.Sprint(reply); err == nil && got != want || err != nil && err.Error() != want {
					t.Errorf("got %v, %v, want %s", reply, err, want)
				}
			})
		}
		time.Sleep(100 * time.Millisecond)
		before := hook.count.Load()
		hook.shut.Unlock()
		all.Wait()
		if took := hook.count.Load() - before; took > callers/10 {
			t.Errorf("%d callers took %d round trips", callers, took)
		}
	})
}

func TestOneWhoComesAloneGoesAtOnce(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		hook := &trips{}
		client.AddHook(hook)
		shared, connected := roundtrip.New(t.Context(), client), int64(0)
		for i := range 11 {
			if err := echo.Run(t.Context(), shared, []string{"k"}, i).Err(); err != nil {
				t.Fatal(err)
			}
			if i == 0 { // it connected, and Redis did not know the script
				connected = hook.count.Load()
			}
		}
		if got := hook.count.Load() - connected; got != 10 {
			t.Errorf("%d round trips, want 10", got)
		}
	})
}

// One who stops waiting does not hold up those behind, and its command is not carried out.
func TestOneWhoLeavesIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		hook := &trips{}
		client.AddHook(hook)
		shared := roundtrip.New(t.Context(), client)
		if err := echo.Run(t.Context(), shared, []string{"k"}, 0).Err(); err != nil {
			t.Fatal(err)
		}
		hook.shut.Lock()
		var all sync.WaitGroup
		run := func(ctx context.Context, want error) {
			all.Go(func() {
				if err := echo.Run(ctx, shared, []string{"k"}, 1).Err(); !errors.Is(err, want) {
					t.Errorf("got %v, want %v", err, want)
				}
			})
		}
		run(t.Context(), nil)
		run(t.Context(), nil)
		time.Sleep(50 * time.Millisecond) // both are on their way
		leaves, leave := context.WithCancelCause(t.Context())
		why := errors.New("stopped")
		run(leaves, why)
		time.Sleep(50 * time.Millisecond)
		run(t.Context(), nil)
		run(t.Context(), nil)
		time.Sleep(50 * time.Millisecond)
		leave(why)
		time.Sleep(50 * time.Millisecond)
		hook.shut.Unlock()
		all.Wait()
	})
}

// Redis that does not answer is waited for until the process ends.
func TestEndOfTheProcessEndsTheWait(t *testing.T) {
	t.Parallel()
	ctx, end := context.WithCancel(t.Context())
	client := redis.NewClient(&redis.Options{
		Dialer: func(ctx context.Context, _, _ string) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() },
	})
	t.Cleanup(func() { client.Close() })
	shared := roundtrip.New(ctx, client)
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() {
			if err := echo.Run(t.Context(), shared, []string{"k"}).Err(); err == nil {
				t.Error("a script was carried out without a Redis")
			}
		})
	}
	time.Sleep(50 * time.Millisecond)
	end()
	all.Wait()
}
