package outcome

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// Lead reports whether the caller may do what only one process should do at a
// time. It holds for the given time or until the process asks again.
func (s *Store) Lead(ctx context.Context, task, process string, hold time.Duration) (bool, error) {
	key := s.key("lead:" + task)
	leads, err := s.client.SetNX(ctx, key, process, hold).Result()
	if err != nil {
		return false, fmt.Errorf("ask who leads the %s: %w", task, err)
	}
	if leads {
		return true, nil
	}
	holder, err := s.client.Get(ctx, key).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return false, fmt.Errorf("ask who leads the %s: %w", task, err)
	}
	return holder == process, nil
}

// lossyFor is how long attempts are uncertain from the start after Redis lost what
// it had confirmed. It is also how long a worker's count is kept: after a Redis that
// was away for longer, nobody knows what it lost.
const lossyFor = 24 * time.Hour

// Heartbeat is the sign of life of one worker: a count in Redis, which the worker
// remembers. Its method is safe for concurrent use.
type Heartbeat struct {
	store *Store
	key   string
	seen  atomic.Int64 // the greatest count
}

// Heartbeat returns that of a worker that has just started. The name must never be
// used again.
func (s *Store) Heartbeat(process string) *Heartbeat {
	return &Heartbeat{store: s, key: s.key("worker:" + process)}
}

// Beat counts once more. It fails where Redis does not answer, and also where it
// answers but takes no writes: its memory is full, its disk is, or it has become a
// replica. It returns for how long attempts are still uncertain because Redis lost
// what it had confirmed to this worker or to another: 0 if nobody knows of a loss.
func (h *Heartbeat) Beat(ctx context.Context) (lossy time.Duration, err error) {
	seen := h.seen.Load()
	reply, err := h.store.run(ctx, beatScript, h.key, seen, lossyFor.Milliseconds()).Int64Slice()
	if err != nil {
		return 0, fmt.Errorf("write that this worker is alive: %w", err)
	}
	for seen < reply[0] && !h.seen.CompareAndSwap(seen, reply[0]) {
		seen = h.seen.Load()
	}
	return max(time.Duration(reply[1])*time.Millisecond, 0), nil
}

// Writable returns why Redis takes no writes, nil if it does. It writes a key
// that lives for a second.
func (s *Store) Writable(ctx context.Context) error {
	if err := s.client.Set(ctx, s.key("doctor"), 1, time.Second).Err(); err != nil {
		return fmt.Errorf("write a key that lives for a second: %w", err)
	}
	return nil
}
