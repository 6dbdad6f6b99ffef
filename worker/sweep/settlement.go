package sweep

import (
	"errors"
	"strings"
	"time"

	"github.com/hibiken/asynq"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

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
}

// settlement is what becomes of an archived task.
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

// settlement returns what becomes of an archived task where each is given as
// many attempts.
func (t archivedTask) settlement(attempts int) settlement {
	var corrupt *outcome.CorruptError
	switch {
	case t.ours(), t.known.Status.Terminal(), t.elsewhere():
		return ended
	case errors.As(t.unknown, &corrupt) && !errors.Is(t.unknown, outcome.ErrNotFound):
		return unclear
	case t.invalid != nil:
		return hopeless
	case t.gaveUp() && t.known.Attempts < attempts:
		return early
	}
	return stopped
}

// ours reports whether a worker had the task archived, by what it told Asynq, and not
// a person: it wrote the outcome before.
func (t archivedTask) ours() bool { return strings.HasSuffix(t.LastErr, asynq.SkipRetry.Error()) }

// elsewhere reports whether what is open is to be done on the queues of another gateway:
// its task is there, and this one is left of an earlier request.
func (t archivedTask) elsewhere() bool {
	queue, _ := tasks.ParseQueue(t.Queue)
	return t.known.PG.Known() && t.known.PG != queue.PG
}

// earlier reports whether it was archived before something was requested, in whole
// seconds: by the clock of who archived it, and that of Redis.
func (t archivedTask) earlier(asked time.Time) bool {
	return !t.at.IsZero() && t.at.Unix() < asked.Unix()
}

// gaveUp reports whether Asynq archived a task because it had no retries left.
// One that a person archives fails at no such moment.
func (t archivedTask) gaveUp() bool {
	return t.Retried >= t.MaxRetry && !t.LastFailedAt.IsZero() && t.LastFailedAt.Equal(t.at)
}
