package gate

import (
	"context"
	_ "embed"
	"fmt"
	"log/slog"
	"math"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/wait"
)

//go:embed limit_take.lua
var takeSource string

var takeScript = redis.NewScript(takeSource)

// limiter keeps the calls of all processes to the rates.
type limiter struct {
	store *Store
	rate  Rate
	log   *slog.Logger
}

// limits returns the keys and the intervals, in microseconds, of the limits that
// a call to a gateway meets.
func (l limiter) limits(pg tasks.Gateway) (keys []string, intervals []any) {
	add := func(key string, rate float64) {
		if rate > 0 {
			keys = append(keys, l.store.key(key))
			intervals = append(intervals, int64(math.Ceil(1e6/rate)))
		}
	}
	add("rate", l.rate.All)
	add("rate:"+string(pg), l.rate.Gateway[pg])
	return keys, intervals
}

// await waits until the rate allows a call to a gateway, or returns a
// [*WaitError] if that is not before the deadline. Without a limit it costs
// nothing; else a round trip.
func (l limiter) await(ctx context.Context, pg tasks.Gateway, deadline time.Time) error {
	keys, intervals := l.limits(pg)
	if len(keys) == 0 {
		return nil
	}
	for {
		left := max(time.Until(deadline), 0)
		taken, due, odd, err := l.take(ctx, keys, append([]any{left.Microseconds()}, intervals...))
		for _, value := range odd {
			l.log.Warn("a rate in Redis was out of range, and counts as absent", "value", value)
		}
		switch {
		case err != nil:
			return err
		case taken:
			return wait.For(ctx, due)
		case left == 0:
			return &WaitError{Wait: due, text: fmt.Sprintf("the rate allows no call for %v", due.Round(time.Millisecond))}
		}
		if err := wait.For(ctx, left); err != nil {
			return err
		}
	}
}

// take asks for a place in line. odd are the values that were out of range.
func (l limiter) take(
	ctx context.Context, keys []string, args []any,
) (taken bool, wait time.Duration, odd []any, err error) {
	keys = append([]string{l.store.holdKey()}, keys...)
	reply, err := takeScript.Run(ctx, l.store.client, keys, args...).Slice()
	if err != nil {
		return false, 0, nil, fmt.Errorf("ask the rate for a call: %w", err)
	}
	place, _ := reply[0].(int64)
	micros, _ := reply[1].(int64)
	odd, _ = reply[2].([]any)
	return place == 1, time.Duration(micros) * time.Microsecond, odd, nil
}
