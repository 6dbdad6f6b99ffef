package pause

import (
	"context"
	"fmt"
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
	marks, err := s.pauses().Pause(ctx, queues, personMark(now, by, reason), ofGate)
	return pausesOf(queues, marks), err
}
