package gate

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/worker/pause"
)

//go:embed hold.lua
var holdSource string

var holdScript = redis.NewScript(holdSource)

// hold keeps all processes from calling for the given time, or for longer if
// an earlier hold is longer.
func (s *Store) hold(ctx context.Context, wait time.Duration) error {
	wait = min(wait, longestHold)
	millis := max(wait.Milliseconds(), 1)
	if err := holdScript.Run(ctx, s.client, []string{s.holdKey()}, millis).Err(); err != nil {
		return fmt.Errorf("hold all calls for %v: %w", wait, err)
	}
	return nil
}

// Holds returns what [Store.Pauses] does, for people: while PortOne wants no calls for longer
// than the given time yet, it pauses each queue that nothing else does, and Until is set.
func (s *Store) Holds(ctx context.Context, longer time.Duration) ([]pause.Pause, error) {
	all, err := s.Pauses(ctx)
	if err != nil {
		return nil, err
	}
	left, err := s.client.PTTL(ctx, s.holdKey()).Result()
	if err != nil {
		return nil, fmt.Errorf("read until when PortOne wants no calls: %w", err)
	}
	if left <= max(longer, 0) || left > longestHold { // as in Poll
		return all, nil
	}
	until := time.Now().Add(left)
	for i := range all {
		if !all[i].Paused {
			all[i].Paused, all[i].Until = true, until
		}
	}
	return all, nil
}
