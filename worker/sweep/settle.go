package sweep

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/hibiken/asynq"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/complaint"
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
	// early: Asynq gave it up because its producer allowed fewer attempts than the schedule has; it
	// gets the others.
	early
	// stopped: its process died on the last attempt, or a person archived it. It
	// becomes a dead letter, where a person finds it.
	stopped
)

// settlement returns what the sweep does with an archived task where each request is given as many
// attempts. A task that its worker had archived has an outcome: the worker writes that first.
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

// elsewhere reports whether an open request is to be done on the queues of another gateway: its task is
// there, and this one is left of an earlier request.
func (t archivedTask) elsewhere() bool {
	queue, _ := tasks.ParseQueue(t.Queue)
	return t.known.PG.Known() && t.known.PG != queue.PG
}

// earlier reports whether the task was archived before something was requested, in whole seconds:
// Asynq's archive keeps no finer times, by the clock of who archived it, and requests have Redis'
// clock.
func (t archivedTask) earlier(asked time.Time) bool {
	return !t.At.IsZero() && t.At.Unix() < asked.Unix()
}

// settle does with an archived task what its settlement says.
func (s *Sweeper) settle(ctx context.Context, task archivedTask) error {
	ctx = tasks.ContextWithTrace(ctx, task.Headers)
	switch task.settlement(s.Attempts) {
	case unclear:
		s.Complaints.Add(slog.LevelWarn, "corrupt", "outcome not read",
			complaint.About(ctx, task.revocation, "error", task.unknown)...)
	case hopeless:
		// The next sweep tries again.
		_ = s.Handler.Bury(ctx, task.revocation, task.invalid)
	case early:
		return s.renew(ctx, task)
	case stopped:
		return s.giveUp(ctx, task)
	}
	return nil
}

// giveUp makes a dead letter of a task that Asynq gave up or a person archived, unless a lookup says
// that the receipt is revoked. Where PortOne could not be asked, the next sweep tries again. A task
// that was archived before its receipt was requested anew says nothing of the new request.
func (s *Sweeper) giveUp(ctx context.Context, task archivedTask) error {
	earlier := false
	done, err := s.Handler.Conclude(ctx, task.revocation, func(askedAt time.Time) (crashed bool) {
		earlier = task.earlier(askedAt)
		return !earlier
	})
	if err != nil || !done && !earlier {
		return err
	}
	return s.remove(ctx, task)
}

// renew replaces a task that Asynq gave up too early by a new one, which has all attempts of the
// schedule and keeps to its pace. If anything fails in between, the imp_uid is open, and a sweep
// enqueues a task for each open request without one.
func (s *Sweeper) renew(ctx context.Context, task archivedTask) error {
	if errors.Is(task.unknown, outcome.ErrNotFound) {
		if opened, err := s.Handler.Open(ctx, task.revocation); !opened {
			return err
		}
	}
	// The next attempt is not brought forward by this.
	options := []asynq.Option{asynq.ProcessAt(task.known.NextAttemptAt)}
	if task.Retention > 0 {
		options = append(options, asynq.Retention(task.Retention))
	}
	if err := s.remove(ctx, task); err != nil {
		return err
	}
	if _, err := s.Tasks.Enqueue(ctx, task.revocation, options...); err != nil {
		return err
	}
	s.Log.Warn("enqueued again: its producer allowed too few retries",
		complaint.About(ctx, task.revocation, "max_retry", task.MaxRetry, "attempts", task.known.Attempts)...)
	return nil
}

// remove deletes an archived task, if it still is archived: a person may have run it meanwhile.
func (s *Sweeper) remove(ctx context.Context, task archivedTask) error {
	_, err := asynqkeys.Remove(ctx, s.Redis, task.Queue, task.ID)
	return err
}
