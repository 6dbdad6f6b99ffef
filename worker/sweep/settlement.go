package sweep

import (
	"errors"
	"time"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/outcome"
)

// archivedTask is a task in the archive of a queue.
type archivedTask struct {
	asynqkeys.ArchivedTask
	// revocation is what it asks for, and invalid why that can never be called.
	revocation tasks.Revocation
	invalid    error
	// known is its outcome, or why there is none to be had.
	known   outcome.Outcome
	unknown error
}

// settlement is what the sweep does with an archived task.
type settlement int

const (
	// ended: it has an outcome that is terminal, or is left of an earlier request, and
	// stays for people to see.
	ended settlement = iota
	// unclear: its outcome cannot be read, which is for a person to look at.
	unclear
	// hopeless: it can never become a call.
	hopeless
	// early: Asynq gave it up because its producer allowed fewer attempts than
	// ours; it gets the others.
	early
	// stopped: its process died on the last attempt, or a person archived it. It
	// becomes a dead letter, where a person finds it.
	stopped
)

// settlement returns what the sweep does with an archived task where each is given as
// many attempts. One that its worker had archived has an outcome, which came before.
func (t archivedTask) settlement(attempts int) settlement {
	var corrupt *outcome.CorruptError
	switch {
	case t.Refused(), t.known.Status.Terminal(), t.elsewhere():
		return ended
	case errors.As(t.unknown, &corrupt) && !errors.Is(t.unknown, outcome.ErrNotFound):
		return unclear
	case t.invalid != nil:
		return hopeless
	case t.GaveUp() && t.known.Attempts < attempts:
		return early
	}
	return stopped
}

// elsewhere reports whether what is open is to be done on the queues of another gateway:
// its task is there, and this one is left of an earlier request.
func (t archivedTask) elsewhere() bool {
	queue, _ := tasks.ParseQueue(t.Queue)
	return t.known.PG.Known() && t.known.PG != queue.PG
}

// earlier reports whether it was archived before something was requested, in whole
// seconds: by the clock of who archived it, and that of Redis.
func (t archivedTask) earlier(asked time.Time) bool {
	return !t.At.IsZero() && t.At.Unix() < asked.Unix()
}
