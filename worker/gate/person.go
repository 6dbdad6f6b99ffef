package gate

import (
	"context"
	_ "embed"
	"fmt"

	"github.com/redis/go-redis/v9"
)

//go:embed person.lua
var personSource string

var personScript = redis.NewScript(personSource)

// PauseForPerson pauses a queue until a person resumes it; a pause of a gate
// becomes the person's. It reports false if it was one already.
func (s *Store) PauseForPerson(ctx context.Context, queue string) (bool, error) {
	done, err := personScript.Run(ctx, s.client, []string{pausedKey(queue)}, markWord).Bool()
	if err != nil {
		return false, fmt.Errorf("pause %s: %w", queue, err)
	}
	return done, nil
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
