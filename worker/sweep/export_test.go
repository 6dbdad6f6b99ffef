package sweep

import (
	"time"

	"github.com/hibiken/asynq"

	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/outcome"
)

// Settlement is what becomes of an archived task.
type Settlement = settlement

// The settlements.
const (
	SettledEnded    = ended
	SettledUnclear  = unclear
	SettledHopeless = hopeless
	SettledEarly    = early
	SettledStopped  = stopped
)

// Archived is an archived task and what is known of it.
type Archived struct {
	Task             asynq.TaskInfo
	At               time.Time
	Invalid, Unknown error
	Known            outcome.Outcome
}

// Settlement returns what becomes of it.
func (a Archived) Settlement(attempts int) Settlement {
	return archivedTask{
		ArchivedTask: asynqkeys.ArchivedTask{TaskInfo: &a.Task, At: a.At},
		invalid:      a.Invalid, known: a.Known, unknown: a.Unknown,
	}.settlement(attempts)
}
