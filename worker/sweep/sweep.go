// Package sweep repairs what dead processes and Asynq leave behind, so that every request
// comes to its end.
package sweep

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/complaint"
)

// stageTime bounds each stage of a sweep; what is left waits for the next
// sweep. What has begun by then is finished.
const stageTime = 10 * time.Second

// Handler writes the outcomes of requests for which there is no task that a worker would
// take. The worker's handler is one.
type Handler interface {
	// Conclude ends a request without a DELETE: as revoked if a lookup says so, and else as
	// withdrawn if it is, or dead with [outcome.ReasonCrashed] if crashed, which is told
	// when it was asked for on Redis' clock, returns true. Otherwise it stays open. It
	// reports whether it has ended by this; it has not while another attempt is running.
	// The error is one of Redis by which it was not begun.
	Conclude(ctx context.Context, r tasks.Revocation, crashed func(askedAt time.Time) bool) (ended bool, err error)
	// Bury makes a dead letter of what can never become a call, for the given cause. The
	// error tells why it is none yet.
	Bury(ctx context.Context, r tasks.Revocation, cause error) error
	// Open makes a request open that was never attempted, and counts no attempt. It
	// reports false if another process has done so.
	Open(ctx context.Context, r tasks.Revocation) (opened bool, err error)
}

// Sweeper rescues stalled requests: tasks whose worker died and that Asynq does not take
// back, tasks that Asynq archived before they had an outcome, and requests whose task is
// gone. Any number of processes may run one: Redis lets one lead at a time, and two at
// once would do no harm. All fields are required.
type Sweeper struct {
	Handler   Handler
	Outcomes  *outcome.Store
	Redis     redis.UniversalClient
	Inspector *asynq.Inspector
	Tasks     asynqkeys.Producer
	// Attempts is how many calls the schedule of retries has for each request.
	Attempts int
	// Process is the name of this process among all workers, and Every how often it sweeps.
	Process string
	Every   time.Duration
	// Beat is a sign of life. Rest says that none is to be expected until the next one,
	// while the sweep waits for PortOne or Redis, which have timeouts of their own.
	Beat, Rest func()
	Complaints *complaint.Log
	Log        *slog.Logger
}

// Run sweeps from time to time until ctx is done.
func (s *Sweeper) Run(ctx context.Context) {
	ticker := time.NewTicker(s.Every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.Complaints.Add(slog.LevelWarn, "sweep", "sweep not finished", "error", err)
		}
	}
}

// Sweep looks after everything once, if this process leads. What fails holds up nothing
// else; the error joins all of it.
func (s *Sweeper) Sweep(ctx context.Context) error {
	s.Beat()
	defer s.Rest()
	leads, err := s.lead(ctx)
	if err != nil || !leads {
		return err
	}
	queues, err := asynqkeys.Ours(ctx, s.Redis, s.Outcomes.Namespace())
	if err != nil {
		return err
	}
	var problems []error
	for _, stage := range []func(context.Context) error{
		s.each(queues, s.reclaim), s.each(queues, s.archive), s.overdue, s.Outcomes.Prune,
	} {
		s.Beat()
		problems = append(problems, stage(ctx))
	}
	return errors.Join(problems...)
}

// lead reports whether this process sweeps, and no other does until the next time.
func (s *Sweeper) lead(ctx context.Context) (bool, error) {
	key := tasks.Key(s.Outcomes.Namespace(), "lead:sweeper")
	leads, err := s.Redis.SetNX(ctx, key, s.Process, s.Every).Result()
	if err == nil && !leads {
		var leader string
		leader, err = s.Redis.Get(ctx, key).Result()
		leads = leader == s.Process
	}
	if err != nil && !errors.Is(err, redis.Nil) {
		return false, fmt.Errorf("ask who leads the sweeper: %w", err)
	}
	return leads, nil
}

// recovery is of the tasks of a queue that Asynq would leave as they are.
func (s *Sweeper) recovery(queue string) asynqkeys.Recovery {
	return asynqkeys.Recovery{Redis: s.Redis, Inspector: s.Inspector, Queue: queue}
}

// ofQueue does something for a queue, and begins nothing more after the given
// time.
type ofQueue func(ctx context.Context, queue string, until time.Time) error

// each does one thing for every queue, in any order, so that no queue always
// has to wait for what takes long in another.
func (s *Sweeper) each(queues []string, do ofQueue) func(context.Context) error {
	return func(ctx context.Context) error {
		until := time.Now().Add(stageTime)
		var problems []error
		for _, i := range rand.Perm(len(queues)) {
			if s.over(ctx, until) {
				break
			}
			problems = append(problems, do(ctx, queues[i], until))
		}
		return errors.Join(problems...)
	}
}

// over reports whether to begin nothing more. Asking is a sign of life.
func (s *Sweeper) over(ctx context.Context, until time.Time) bool {
	s.Beat()
	return ctx.Err() != nil || time.Now().After(until)
}
