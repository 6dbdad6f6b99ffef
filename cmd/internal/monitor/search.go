package monitor

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/pause"
)

// longestQuery is how many bytes are looked for: a task with an unreadable payload is
// named by its ID, which may be longer than an imp_uid.
const longestQuery = 128

// found is what is known about one imp_uid.
type found struct {
	ImpUID string
	// Outcome is nil if the imp_uid was not requested, or its outcome's life is
	// over.
	Outcome *outcome.Outcome
	// Queue and TaskID are where Asynq has its task; empty if it has none.
	Queue, TaskID string
	State         string // of the task, in Asynq's words
	// Invalid tells that it could be no imp_uid.
	Invalid bool
	// Broken is what is wrong with the outcome, if it cannot be read.
	Broken string
}

// hold returns what keeps the imp_uid from being called, nil if nothing does. The next
// attempt is then not when the outcome says.
func (f *found) hold(gates *gatesSeen, namespace string) *pause.Pause {
	if gates == nil || f.Outcome == nil || f.Outcome.Status.Terminal() || f.Outcome.Withdrawn {
		return nil
	}
	asked := tasks.Revocation{PG: f.Outcome.PG, Batch: f.Outcome.Batch}
	queue := cmp.Or(f.Queue, tasks.QueueOf(asked).In(namespace).Name())
	pause, held := pause.Of(queue, gates.all)
	if !held {
		return nil
	}
	f.Outcome.NextAttemptAt = time.Time{}
	return &pause
}

// search finds what there is about an imp_uid.
type search struct {
	redis    redis.UniversalClient
	outcomes *outcome.Store
}

// find returns what is known about what a person typed: an imp_uid, or the ID
// of its task.
func (s *search) find(ctx context.Context, typed string) (found, error) {
	f := found{ImpUID: strings.TrimPrefix(typed, tasks.TaskID(""))}
	f.Invalid = tasks.ValidateImpUID(f.ImpUID) != nil
	if len(f.ImpUID) > longestQuery {
		return f, nil
	}
	if err := s.findTask(ctx, &f); err != nil {
		return f, err
	}
	for o, err := range s.outcomes.Each(ctx, []string{f.ImpUID}) {
		var corrupt *outcome.CorruptError
		switch {
		case errors.Is(err, outcome.ErrNotFound):
		case errors.As(err, &corrupt):
			f.Outcome, f.Broken = &o, corrupt.Error()
		case err != nil:
			return f, err
		default:
			f.Outcome = &o
		}
	}
	return f, nil
}

// findTask asks Asynq for the task. Until the first attempt there is nothing
// else: it then makes the outcome, which says that the imp_uid is queued.
func (s *search) findTask(ctx context.Context, f *found) error {
	queues, err := queueNames(ctx, s.redis, s.outcomes.Namespace())
	if err != nil {
		return err
	}
	known, err := asynqkeys.Tasks(ctx, s.redis, queues, tasks.TaskID(f.ImpUID), f.ImpUID)
	if len(known) == 0 {
		return err
	}
	task := known[0]
	f.Queue, f.TaskID, f.State = task.Queue, task.ID, task.State.String()
	asked, _ := tasks.Parse(task.Payload)
	f.Outcome = &outcome.Outcome{ImpUID: f.ImpUID, PG: asked.PG, Batch: asked.Batch, Status: outcome.Queued}
	return nil
}
