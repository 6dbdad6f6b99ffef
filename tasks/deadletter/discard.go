package deadletter

import (
	"context"

	"receiptrevoker/tasks/outcome"
)

// Discard takes dead letters off the list and returns of each whether it was on
// it. Their outcomes stay, so they stay dead: asking for them again enqueues
// nothing.
//
// A letter whose outcome cannot be read is given by its imp_uid alone.
func (l *List) Discard(ctx context.Context, letters ...outcome.Outcome) ([]bool, error) {
	if len(letters) == 0 {
		return nil, nil
	}
	impUIDs := make([]string, len(letters))
	for i, letter := range letters {
		impUIDs[i] = letter.ImpUID
	}
	return l.outcomes.Discard(ctx, impUIDs...)
}
