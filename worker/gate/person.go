package gate

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// PauseForPerson pauses a queue until a person resumes it; a pause of a gate
// becomes the person's. It reports false if it was one already.
func (s *Store) PauseForPerson(ctx context.Context, queue string) (bool, error) {
	for {
		mark, err := s.client.Get(ctx, pausedKey(queue)).Result()
		if err != nil && !errors.Is(err, redis.Nil) {
			return false, fmt.Errorf("read what pauses %s: %w", queue, err)
		}
		seen := readMark(queue, mark)
		if err == nil && seen.Gate == "" {
			return false, nil
		}
		done, err := s.swap(ctx, seen, strconv.FormatInt(time.Now().Unix(), 10))
		if done || err != nil {
			return done, err
		}
	}
}

// Resume lifts the pause of a queue, whosever it is, and opens the gate if it
// was a gate's. It reports false if what was seen does not pause it any more.
func (s *Store) Resume(ctx context.Context, seen Pause) (bool, error) {
	if !seen.Paused {
		return false, nil
	}
	if seen.Gate != "" {
		if _, err := s.Open(ctx, seen.Gate, seen.epoch); err != nil {
			return false, err
		}
	}
	return s.swap(ctx, seen, "")
}
