package worker

import (
	"errors"
	"time"

	"github.com/hibiken/asynq"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// overtaken is how much later than an archived task an outcome must have
// changed for the task to be of the past. Asynq keeps whole seconds.
const overtaken = 5 * time.Second

// archivedTask is a task in the archive of a queue.
type archivedTask struct {
	*asynq.TaskInfo
	// at is when it was archived, in whole seconds.
	at time.Time
	// revocation is what it asks for, and invalid why that can never be called.
	revocation tasks.Revocation
	invalid    error
	// known is its outcome, or why there is none to be had.
	known   outcome.Outcome
	unknown error
	// forgotten tells that an outcome of its time has ended its life by now.
	forgotten bool
}

// settlement is what becomes of an archived task.
type settlement int

const (
	// ended: it has an outcome that is terminal, and stays for people to see.
	ended settlement = iota
	// unclear: its outcome cannot be read, which is for a person to look at.
	unclear
	// past: an attempt since then has overtaken it, and it goes.
	past
	// hopeless: it can never become a call.
	hopeless
	// early: Asynq gave it up because its producer allowed fewer attempts than
	// ours; it gets the others.
	early
	// stopped: its process died on the last attempt, or a person archived it. It
	// becomes a dead letter, where a person finds it.
	stopped
)

// settlement returns what becomes of an archived task where each is given as
// many attempts.
func (t archivedTask) settlement(attempts int) settlement {
	var corrupt *outcome.CorruptError
	switch {
	case errors.Is(t.unknown, outcome.ErrNotFound):
		if t.forgotten {
			return ended
		}
	case errors.As(t.unknown, &corrupt):
		return unclear
	case t.known.Status.Terminal():
		return ended
	case t.known.UpdatedAt.After(t.last().Add(overtaken)):
		return past
	}
	switch {
	case t.invalid != nil:
		return hopeless
	case t.gaveUp() && t.known.Attempts < attempts:
		return early
	}
	return stopped
}

// last returns when the task was last worked on, or archived if it never was.
func (t archivedTask) last() time.Time {
	if t.LastFailedAt.IsZero() {
		return t.at
	}
	return t.LastFailedAt
}

// gaveUp reports whether Asynq archived a task because it had no retries left.
// One that a person archives fails at no such moment.
func (t archivedTask) gaveUp() bool {
	return t.Retried >= t.MaxRetry && !t.LastFailedAt.IsZero() && t.LastFailedAt.Equal(t.at)
}
