package pause

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// ForPerson pauses queues, whether or not they exist, until a person resumes them.
// by is who it is and reason why, which may be empty. A pause of a gate becomes the
// person's; one of a person stays as it is. It returns what paused each queue before.
// On an error some may be paused; the call may be repeated.
func (s *Store) ForPerson(ctx context.Context, queues []string, by, reason string) (before []Pause, err error) {
	now, err := s.client.Time(ctx).Result()
	if err != nil {
		return nil, fmt.Errorf("ask Redis for the time: %w", err)
	}
	mark := personMark(now, by, reason)
	was := make([]*redis.Cmd, len(queues))
	_, _ = s.client.Pipelined(ctx, func(p redis.Pipeliner) error { // each has its own error
		for i, queue := range queues {
			was[i] = personScript.Eval(ctx, p, []string{pausedKey(queue)}, mark)
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
