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

// longestQuery is how many bytes are looked for: a task with an unreadable payload is named
// by its ID, which may be longer than an imp_uid. The field of the page takes as many.
const longestQuery = 128

// found is what is known about one imp_uid, by the store and by Asynq.
type found struct {
	// ImpUID is what was typed, without the prefix of a task's ID.
	ImpUID string
	// Outcome is nil if the imp_uid was not requested, or its outcome has expired.
	Outcome *outcome.Outcome
	// Queue and TaskID are where Asynq has its task; empty if it has none, as after its
	// end.
	Queue, TaskID string
	// State is that of the task, in Asynq's words, such as retry.
	State string
	// Invalid tells that it cannot be an imp_uid. It is searched all the same, since a task
	// of such a name may exist.
	Invalid bool
	// Broken is what is wrong with the outcome, if it cannot be read; Outcome then has what
	// can.
	Broken string
}

// hold returns what keeps the imp_uid from being called, nil if nothing does, and takes the
// next attempt out of the outcome then: the call is made once the pause ends, not when the
// outcome says.
func (f *found) hold(gates *gatesSeen, namespace string) *pause.Pause {
	// What has ended or is cancelled waits for nothing.
	if gates == nil || f.Outcome == nil || f.Outcome.Status.Terminal() || f.Outcome.Withdrawn {
		return nil
	}
	asked := tasks.Revocation{PG: f.Outcome.PG, Batch: f.Outcome.Batch}
	// Where Asynq has no task at the moment, the queue is the one on which a worker will
	// enqueue it again.
	queue := cmp.Or(f.Queue, tasks.QueueOf(asked).In(namespace).Name())
	pause, held := pause.Of(queue, gates.all)
	if !held {
		return nil
	}
	f.Outcome.NextAttemptAt = time.Time{}
	return &pause
}

// search finds what is known about an imp_uid, in a few round trips. It does not scan.
type search struct {
	redis    redis.UniversalClient
	outcomes *outcome.Store
}

// find returns what is known about what a person typed: an imp_uid, or the ID of its task
// as the Asynq web UI shows it. An error is one of Redis; that nothing is known is none.
func (s *search) find(ctx context.Context, typed string) (found, error) {
	f := found{ImpUID: strings.TrimPrefix(typed, tasks.TaskID(""))}
	f.Invalid = tasks.ValidateImpUID(f.ImpUID) != nil
	if len(f.ImpUID) > longestQuery {
		return f, nil
	}
	// The task comes first, and the outcome replaces what it tells: read in the other
	// order, one that ends in between would be found in neither.
	if err := s.findTask(ctx, &f); err != nil {
		return f, err
	}
	for o, err := range s.outcomes.Each(ctx, []string{f.ImpUID}) {
		var corrupt *outcome.CorruptError
		switch {
		// What the task has told remains.
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

// findTask asks Asynq for the task, by two IDs: revoke: and the imp_uid, which our
// producers give, and what was typed alone, as others may choose. Until the first attempt
// there is no outcome; findTask then makes one from the task, which says that the imp_uid
// is queued.
func (s *search) findTask(ctx context.Context, f *found) error {
	queues, err := queueNames(ctx, s.redis, s.outcomes.Namespace())
	if err != nil {
		return err
	}
	known, err := asynqkeys.Tasks(ctx, s.redis, queues, tasks.TaskID(f.ImpUID), f.ImpUID)
	// An error beside a task that was found does not count: the task is what was looked
	// for.
	if len(known) == 0 {
		return err
	}
	task := known[0]
	f.Queue, f.TaskID, f.State = task.Queue, task.ID, task.State.String()
	// A payload that cannot be read tells no gateway and no batch.
	asked, _ := tasks.Parse(task.Payload)
	f.Outcome = &outcome.Outcome{ImpUID: f.ImpUID, PG: asked.PG, Batch: asked.Batch, Status: outcome.Queued}
	return nil
}
