package scene

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hibiken/asynq"

	"receiptrevoker/bench/internal/portone"
	"receiptrevoker/bench/internal/proof"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/wait"
)

// Every is how often a scene looks whether what it awaits has happened, and seldom is how often where
// each look costs Redis time that would be measured.
const (
	Every  = 20 * time.Millisecond // between looks: below what is measured in tenths of a second
	seldom = 5 * Every             // where looking costs Redis much
)

// Await calls count until it returns that nothing is left, or an error. It ends with an error if a
// worker ends before: without that, a crash would look like a run that takes very long.
func (s *Scene) Await(ctx context.Context, every time.Duration, count func() (left int, err error)) error {
	for {
		left, err := count()
		if err != nil || left == 0 {
			return err
		}
		for _, process := range s.Workers {
			if err := process.Ended(); err != nil {
				return errors.Join(ctx.Err(), err)
			}
		}
		if err := wait.For(ctx, every); err != nil {
			return fmt.Errorf("%d are left: %w", left, err)
		}
	}
}

// Serve starts n workers and waits until each serves queues, by Asynq's own registry of servers. A
// process may have several servers, so that different process IDs are counted.
func (s *Scene) Serve(ctx context.Context, n int) error {
	if err := s.Start(ctx, n); err != nil {
		return err
	}
	inspector := asynq.NewInspectorFromRedisClient(s.Redis.Client)
	return s.Await(ctx, Every, func() (int, error) {
		servers, err := inspector.Servers()
		serving := make(map[int]bool)
		for _, server := range servers {
			serving[server.PID] = true
		}
		return n - len(serving), err
	})
}

// AwaitNone waits until such is true for none of the receipts that were asked for. It asks the
// simulated PortOne in this process, so that waiting costs neither Redis nor the workers anything.
func (s *Scene) AwaitNone(ctx context.Context, such func(portone.Seen) bool) error {
	return s.Await(ctx, Every, func() (left int, err error) {
		s.PortOne.Each(func(_ string, seen portone.Seen) {
			if such(seen) {
				left++
			}
		})
		return left, nil
	})
}

// AwaitIdle waits until no task is left to work on: pending, active, scheduled or to be retried. A task
// is completed a moment after PortOne has answered its call.
func (s *Scene) AwaitIdle(ctx context.Context) error {
	return s.Await(ctx, seldom, func() (int, error) {
		names, err := asynqkeys.Names(ctx, s.Redis.Client)
		if err != nil {
			return 0, err
		}
		left := int64(0)
		queues, err := asynqkeys.Read(ctx, s.Redis.Client, names)
		for _, queue := range queues {
			left += queue.Unserved()
		}
		return int(left), err
	})
}

// AwaitOutcomes waits until the outcomes of all requests are good. It reads all of them at each look.
func (s *Scene) AwaitOutcomes(ctx context.Context, list []tasks.Revocation, good func(outcome.Outcome) bool) error {
	return s.Await(ctx, seldom, func() (int, error) {
		outcomes, err := s.Outcomes(ctx, list)
		return len(slices.DeleteFunc(outcomes, good)), err
	})
}

// Outcomes returns the outcomes of requests, in their order. A request without an attempt has an
// outcome without a status.
func (s *Scene) Outcomes(ctx context.Context, list []tasks.Revocation) ([]outcome.Outcome, error) {
	impUIDs := make([]string, len(list))
	for i, r := range list {
		impUIDs[i] = r.ImpUID
	}
	return proof.Outcomes(ctx, outcome.NewStore(s.Redis.Client, outcome.Config{}), impUIDs)
}

// Within waits like await, but no longer than limit. That the limit passed is no error: the caller sees
// what is left, and a figure of a run that was too slow is better than none.
func Within(ctx context.Context, limit time.Duration, await func(context.Context) error) error {
	within, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := await(within)
	if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}
