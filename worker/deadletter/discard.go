package deadletter

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"receiptrevoker/tasks/outcome"
)

// clearers is how many tasks are deleted at a time.
const clearers = 16

// Discard takes dead letters off the list and returns how many of them were on
// it. Their outcomes stay, so they stay dead: asking for them again enqueues
// nothing. The finished tasks that Asynq may still hold are deleted first;
// stopped in between, the letters are on the list as before.
//
// A letter whose outcome cannot be read is given by its imp_uid alone.
func (l *List) Discard(ctx context.Context, letters ...outcome.Outcome) (int64, error) {
	if len(letters) == 0 {
		return 0, nil
	}
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(clearers)
	impUIDs := make([]string, len(letters))
	for i, letter := range letters {
		impUIDs[i] = letter.ImpUID
		group.Go(func() error {
			_, err := l.clearAll(groupCtx, letter)
			var held *HeldError
			if errors.As(err, &held) {
				return nil // its worker will archive it; the letter goes all the same
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return 0, err
	}
	return l.outcomes.Discard(ctx, impUIDs...)
}
