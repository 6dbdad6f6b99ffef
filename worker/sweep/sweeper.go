package sweep

import (
	"context"
	"log/slog"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/complaint"
)

const (
	// stageTime bounds each stage of a sweep; what is left waits for the next
	// sweep. What has begun by then is finished. Without a bound, one stage that has much
	// to do would keep all the others from beginning.
	stageTime = 10 * time.Second
	// settlers is how many requests are settled at a time: each of them takes a lookup,
	// and more of them at a time would compete with the workers' own calls.
	settlers = 8
)

// Handler writes the outcomes of requests for which there is no task that a worker would take. The
// worker's handler (package revoke) is one.
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

// Sweeper rescues stalled requests: tasks whose worker died and that Asynq does not take back,
// tasks that Asynq archived before they had an outcome, and requests whose task is gone. Any number
// of processes may run one: a key in Redis makes one lead at a time, and two at once would do no
// harm. All fields are required.
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

	empty map[string]time.Time // when queues were seen empty in this sweep; zero for one that was not
}

// recovery returns what finds and repairs the tasks of a queue that Asynq would leave as they are.
func (s *Sweeper) recovery(queue string) asynqkeys.Recovery {
	return asynqkeys.Recovery{Redis: s.Redis, Inspector: s.Inspector, Queue: queue}
}

// over reports whether to begin nothing more. Asking is a sign of life: without one for five minutes
// /healthz says that this process hangs.
func (s *Sweeper) over(ctx context.Context, until time.Time) bool {
	s.Beat()
	return ctx.Err() != nil || time.Now().After(until)
}

// forEach does something with some of all at a time, until the time for it is over. It returns the
// first error, and does not stop at it.
func forEach[T any](
	ctx context.Context, s *Sweeper, all []T, until time.Time, do func(context.Context, T) error,
) error {
	var group errgroup.Group
	group.SetLimit(settlers)
	for _, one := range all {
		if s.over(ctx, until) {
			break
		}
		// Go waits for another goroutine to end, which may take as long as a call of PortOne: no sign
		// of life is to be expected meanwhile.
		s.Rest()
		group.Go(func() error { return do(ctx, one) })
	}
	s.Rest()
	defer s.Beat()
	return group.Wait()
}
