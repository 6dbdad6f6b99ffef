package deadletter

import (
	"context"

	"receiptrevoker/tasks/outcome"
)

// Discard takes dead letters off the list and returns how many of them were on
// it. Their outcomes stay, so they stay dead: asking for them again enqueues
// nothing.
//
// A letter whose outcome cannot be read is given by its imp_uid alone.
func (l *List) Discard(ctx context.Context, letters ...outcome.Outcome) (int64, error) {
	if len(letters) == 0 {
		return 0, nil
	}
	impUIDs := make([]string, len(letters))
	for i, letter := range letters {
		impUIDs[i] = letter.ImpUID
	}
	return l.outcomes.Discard(ctx, impUIDs...)
}
