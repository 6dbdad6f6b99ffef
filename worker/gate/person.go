package gate

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// PauseForPerson pauses queues, whether or not they exist, until a person resumes them.
// by is who it is and reason why, which may be empty. A pause of a gate becomes the
// person's; one of a person stays as it is. It returns what paused each queue before.
// On an error some may be paused; the call may be repeated.
func (s *Store) PauseForPerson(ctx context.Context, queues []string, by, reason string) (before []Pause, err error) {
	now, err := s.client.Time(ctx).Result()
	if err != nil {
		return nil, fmt.Errorf("ask Redis for the time: %w", err)
	}
	mark := personMark(now, by, reason)
	was := make([]*redis.Cmd, len(queues))
	_, _ = s.client.Pipelined(ctx, func(p redis.Pipeliner) error { // each has its own error
		for i, queue := range queues {
			was[i] = pauseScript.Eval(ctx, p, []string{pausedKey(queue)}, mark)
		}
		return nil
	})
	before = make([]Pause, len(queues))
	for i, queue := range queues {
		switch mark, err := was[i].Text(); {
		case errors.Is(err, redis.Nil):
			before[i] = Pause{Queue: queue}
		case err != nil:
			return nil, fmt.Errorf("pause %s: %w", queue, err)
		default:
			before[i] = readMark(queue, mark)
		}
	}
	return before, nil
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
