package outcome

import (
	"context"
	"errors"
	"fmt"
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

// aliveFor is how long a worker is taken for alive after it last said so.
const aliveFor = 15 * time.Second

// Alive writes that a worker is alive. It fails where Redis does not answer,
// and also where it answers but takes no writes: its memory is full, its disk
// is, or it has become a replica.
func (s *Store) Alive(ctx context.Context, process string) error {
	if err := s.client.Set(ctx, s.key("worker:"+process), s.now(), aliveFor).Err(); err != nil {
		return fmt.Errorf("write that this worker is alive: %w", err)
	}
	return nil
}

// Writable returns why Redis takes no writes, nil if it does. It writes a key
// that lives for a second.
func (s *Store) Writable(ctx context.Context) error {
	if err := s.client.Set(ctx, s.key("doctor"), s.now(), time.Second).Err(); err != nil {
		return fmt.Errorf("write a key that lives for a second: %w", err)
	}
	return nil
}
