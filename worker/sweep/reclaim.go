package sweep

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks/asynqkeys"
)

const (
	// reclaimAfter is how long the lease of a task must be over for the sweeper
	// to take it back: as far as the clocks of two machines may be apart. Taken from a
	// worker that lives, it would only come back soon, since its attempt is running.
	// Asynq does so after 30 s, once a minute, unless one task that it cannot read
	// keeps it from all tasks of the same server.
	reclaimAfter = 10 * time.Second
	// reclaimPage is how many of them one sweep looks at in each queue.
	reclaimPage = 500
)

//go:embed reclaim.lua
var reclaimSource string

var reclaimScript = redis.NewScript(reclaimSource)

// reclaim puts the tasks of a queue back whose worker has died and that Asynq
// does not take back, and sees to it that the next sweep finds those without a lease.
func (s *Sweeper) reclaim(ctx context.Context, queue string, until time.Time) error {
	cutoff := strconv.FormatInt(time.Now().Add(-reclaimAfter).Unix(), 10)
	ids, err := s.Redis.ZRangeArgs(ctx, redis.ZRangeArgs{
		Key: asynqkeys.Key(queue, "lease"), ByScore: true, Start: "-inf", Stop: cutoff, Count: reclaimPage,
	}).Result()
	if err != nil {
		return fmt.Errorf("list the leases of %s that are over: %w", queue, err)
	}
	var problems []error
	for _, id := range ids {
		if s.over(ctx, until) {
			break
		}
		problems = append(problems, s.reclaimTask(ctx, queue, id, cutoff))
	}
	return errors.Join(append(problems, s.leaseUnleased(ctx, queue))...)
}

// leaseUnleased gives the active tasks of a queue that have no lease one that is over, also
// others whose state is active. The next sweep takes them back, unless their worker lives and
// has extended it.
func (s *Sweeper) leaseUnleased(ctx context.Context, queue string, others ...string) error {
	found, err := asynqkeys.LeaseUnleased(ctx, s.Redis, queue, time.Now().Add(-reclaimAfter), others...)
	if len(found.Tasks) > 0 {
		// A queue that Asynq's list does not name is swept by nobody.
		err = errors.Join(err, s.Redis.SAdd(ctx, asynqkeys.Registry, queue).Err())
		s.Log.Warn("active without a lease: the next sweep takes them back", "tasks", found.Tasks, "queue", queue)
	}
	if len(found.Gone) > 0 {
		s.Log.Warn("taken off the active tasks: Redis holds no task of that ID", "tasks", found.Gone, "queue", queue)
	}
	return err
}

func (s *Sweeper) reclaimTask(ctx context.Context, queue, id, cutoff string) error {
	if discarded, err := s.discard(ctx, queue, id); discarded || err != nil {
		return err
	}
	keys := []string{
		asynqkeys.Key(queue, "active"), asynqkeys.Key(queue, "lease"),
		asynqkeys.Key(queue, "pending"), asynqkeys.Key(queue, "t:"+id),
	}
	back, err := reclaimScript.Run(ctx, s.Redis, keys, id, cutoff, time.Now().UnixNano()).Bool()
	if err != nil {
		return fmt.Errorf("take the task %s of %s back: %w", id, queue, err)
	}
	if back {
		s.Log.Warn("taken back: its worker is gone", "task", id, "queue", queue)
	}
	return nil
}
