package sweep

import (
	"context"
	"errors"
	"time"

	"receiptrevoker/tasks/asynqkeys"
)

const (
	// reclaimAfter is how long the lease of a task must be over for the sweeper to take it back: as far
	// as the clocks of two machines may be apart. A task that is taken from a worker that lives would
	// only come back soon, since its attempt is running and holds the imp_uid. Asynq takes tasks back
	// after 30 s, once a minute, unless one task that it cannot read keeps it from all tasks of the
	// same server (its recoverer.go).
	reclaimAfter = 10 * time.Second
	// reclaimPage is how many of them one sweep looks at in each queue.
	reclaimPage = 500
)

// reclaim puts tasks of a queue back whose worker has died and that Asynq does not take back, and makes
// those without a lease findable for the next sweep.
func (s *Sweeper) reclaim(ctx context.Context, queue string, until time.Time) error {
	before := time.Now().Add(-reclaimAfter)
	ids, err := s.recovery(queue).Expired(ctx, before, reclaimPage)
	if err != nil {
		return err
	}
	var problems []error
	for _, id := range ids {
		if s.over(ctx, until) {
			break
		}
		problems = append(problems, s.reclaimTask(ctx, queue, id, before))
	}
	return errors.Join(append(problems, s.leaseUnleased(ctx, queue))...)
}

// leaseUnleased gives the active tasks of a queue that have no lease one that is over, also others
// whose state is active. The next sweep takes them back, unless their worker lives and has extended it:
// so a task that has just become active is left to its worker. Tasks lose their lease by a fault of
// Asynq's (hibiken/asynq#1144).
func (s *Sweeper) leaseUnleased(ctx context.Context, queue string, others ...string) error {
	found, err := asynqkeys.LeaseUnleased(ctx, s.Redis, queue, time.Now().Add(-reclaimAfter), others...)
	if len(found.Tasks) > 0 {
		s.Log.Warn("active without a lease: the next sweep takes them back", "tasks", found.Tasks, "queue", queue)
	}
	if len(found.Gone) > 0 {
		s.Log.Warn("taken off the active tasks: Redis holds no task of that ID", "tasks", found.Gone, "queue", queue)
	}
	return err
}

// reclaimTask takes one task back, or deletes it if Asynq cannot read it.
func (s *Sweeper) reclaimTask(ctx context.Context, queue, id string, before time.Time) error {
	if discarded, err := s.discard(ctx, queue, id); discarded || err != nil {
		return err
	}
	back, err := s.recovery(queue).Reclaim(ctx, id, before)
	if back {
		s.Log.Warn("taken back: its worker is gone", "task", id, "queue", queue)
	}
	return err
}
