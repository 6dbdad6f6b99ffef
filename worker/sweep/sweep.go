// Package sweep repairs what dead processes and Asynq leave behind, so that every request ends. It
// is what makes the record of requests in Redis the truth, and tasks only its means: what has no
// task gets one.
package sweep

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
)

// Run sweeps from time to time until ctx is done. A sweep that fails is complained about, and the next
// one tries again.
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

// Sweep looks after everything once, if this process leads. What fails holds up nothing else; the error
// joins all of it. The stages build on each other: a task that was taken back is not overdue, and an
// archived one that was settled is not open.
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

// lead reports whether this process sweeps, and no other does until the next time. The key expires by
// itself: if this process dies, another leads at its next sweep. A leader that is slower than Every
// loses the lead to another, which does no harm.
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

// ofQueue does something for a queue, and begins nothing more after the given time.
type ofQueue func(ctx context.Context, queue string, until time.Time) error

// each does one thing for every queue, in any order, so that no queue always has to wait for what takes
// long in another.
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
