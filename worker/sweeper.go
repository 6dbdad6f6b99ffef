package worker

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks/backlog"
	"receiptrevoker/tasks/outcome"
)

// stageTime bounds each stage of a sweep; what is left waits for the next
// sweep. What has begun by then is finished.
const stageTime = 10 * time.Second

// sweeper goes on with what nobody goes on with: tasks whose worker died and
// that Asynq does not take back, tasks that Asynq archived before they had an
// outcome, and attempts whose task is gone. Any number of processes may run
// one: the store lets one lead at a time, and two at once would do no harm.
type sweeper struct {
	handler   *handler
	outcomes  *outcome.Store
	redis     redis.UniversalClient
	inspector *asynq.Inspector
	tasks     backlog.Producer
	process   string
	every     time.Duration
	pulse     *pulse
	log       *slog.Logger
}

// run sweeps from time to time until ctx is done.
func (s *sweeper) run(ctx context.Context) {
	ticker := time.NewTicker(s.every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := s.sweep(ctx); err != nil && ctx.Err() == nil {
			s.handler.complaints.Add(slog.LevelWarn, "sweep", "sweep not finished", "error", err)
		}
	}
}

// sweep looks after everything once. What fails holds up nothing else.
func (s *sweeper) sweep(ctx context.Context) error {
	s.beat()
	defer s.rest()
	leads, err := s.outcomes.Lead(ctx, "sweeper", s.process, s.every)
	if err != nil || !leads {
		return err
	}
	queues, err := backlog.Ours(ctx, s.redis, s.outcomes.Namespace())
	if err != nil {
		return err
	}
	var problems []error
	for _, stage := range []func(context.Context) error{
		s.each(queues, s.reclaim), s.each(queues, s.archive), s.overdue, s.outcomes.Prune,
	} {
		s.beat()
		problems = append(problems, stage(ctx))
	}
	return errors.Join(problems...)
}

// ofQueue does something for a queue, and begins nothing more after the given
// time.
type ofQueue func(ctx context.Context, queue string, until time.Time) error

// each does one thing for every queue, in any order, so that no queue always
// has to wait for what takes long in another.
func (s *sweeper) each(queues []string, do ofQueue) func(context.Context) error {
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
func (s *sweeper) over(ctx context.Context, until time.Time) bool {
	s.beat()
	return ctx.Err() != nil || time.Now().After(until)
}

func (s *sweeper) beat() { s.pulse.beat("sweep") }

// rest lets nobody expect a sign of life while the sweep waits for what has
// bounds of its own: a call times out, and an outcome is written when Redis is
// back, however long that takes.
func (s *sweeper) rest() { s.pulse.end("sweep") }
