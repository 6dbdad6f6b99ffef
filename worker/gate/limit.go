package gate

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/wait"
)

//go:embed limit_take.lua
var takeSource string

var takeScript = redis.NewScript(takeSource)

// Rate bounds the DELETE calls a second of all processes together. Zero does
// not.
type Rate struct {
	All     float64
	Gateway map[tasks.Gateway]float64
}

// leastRate is a call a day: less is no rate, but a mistake.
const leastRate = 1.0 / (24 * 60 * 60)

// validate looks at the gateways in order, so that of several mistakes the same is told.
func (r Rate) validate() error {
	err := ValidateRate("rate", "calls", r.All)
	for _, pg := range slices.Sorted(maps.Keys(r.Gateway)) {
		err = cmp.Or(err, ValidateRate("rate-"+string(pg), "calls", r.Gateway[pg]))
	}
	return err
}

// ValidateRate returns an error that begins with a name unless rate is so many of something a
// second, in fractions too, or 0.
func ValidateRate(name, of string, rate float64) error {
	if rate == 0 || rate >= leastRate && !math.IsInf(rate, 1) {
		return nil
	}
	return fmt.Errorf("%s %v must be 0, for no limit, or at least %.6f %s a second, which is one a day",
		name, rate, leastRate, of)
}

// limits returns the keys and the intervals, in microseconds, of the limits that
// a call to a gateway meets.
func (g *Gates) limits(pg tasks.Gateway) (keys []string, intervals []any) {
	add := func(key string, rate float64) {
		if rate > 0 {
			keys = append(keys, g.store.key(key))
			intervals = append(intervals, int64(math.Ceil(1e6/rate)))
		}
	}
	add("rate", g.config.Rate.All)
	add("rate:"+string(pg), g.config.Rate.Gateway[pg])
	return keys, intervals
}

// await waits until the rate allows a call to a gateway, or returns a
// [*WaitError] if that is not before the deadline. Without a limit it costs
// nothing; else a round trip.
func (g *Gates) await(ctx context.Context, pg tasks.Gateway, deadline time.Time) error {
	keys, intervals := g.limits(pg)
	if len(keys) == 0 {
		return nil
	}
	for {
		left := max(time.Until(deadline), 0)
		taken, due, odd, err := g.store.take(ctx, keys, append([]any{left.Microseconds()}, intervals...))
		for _, value := range odd {
			g.log.Warn("a rate in Redis was out of range, and counts as absent", "value", value)
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
func (s *Store) take(
	ctx context.Context, keys []string, args []any,
) (taken bool, wait time.Duration, odd []any, err error) {
	keys = append([]string{s.holdKey()}, keys...)
	reply, err := takeScript.Run(ctx, s.client, keys, args...).Slice()
	if err != nil {
		return false, 0, nil, fmt.Errorf("ask the rate for a call: %w", err)
	}
	place, _ := reply[0].(int64)
	micros, _ := reply[1].(int64)
	odd, _ = reply[2].([]any)
	return place == 1, time.Duration(micros) * time.Microsecond, odd, nil
}
