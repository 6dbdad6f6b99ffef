package outcome_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// runner is what the workers of a race know together about one imp_uid.
type runner struct {
	impUID                   string
	live, begun, back, ended atomic.Int64
}

// However many workers race, an imp_uid has one live attempt at a time, and
// every attempt and every end is counted once.
func TestRacingWorkersRunOneAttemptAtATime(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s := newStore(client)
		runners := make([]*runner, 50)
		for i := range runners {
			runners[i] = &runner{impUID: fmt.Sprintf("imp_%d", i)}
		}
		group, ctx := errgroup.WithContext(t.Context())
		for range 8 {
			group.Go(func() error {
				w := &world{client: client, store: s}
				for range 4 {
					for _, r := range runners {
						if err := r.race(ctx, w); err != nil {
							return fmt.Errorf("%s: %w", r.impUID, err)
						}
					}
				}
				return nil
			})
		}
		if err := group.Wait(); err != nil {
			t.Fatal(err)
		}
		ended := make(map[string]int64)
		for event, err := range s.Events(t.Context(), "0") {
			if err != nil {
				t.Fatal(err)
			}
			ended[event.Outcome.ImpUID]++
		}
		for _, r := range runners {
			o, err := s.Get(t.Context(), r.impUID)
			if want := r.begun.Load() - r.back.Load(); err != nil || int64(o.Attempts) != want {
				t.Errorf("%s: %d attempts, %v; want %d", r.impUID, o.Attempts, err, want)
			}
			if want := r.ended.Load(); ended[r.impUID] != want {
				t.Errorf("%s: %d stream entries, want %d", r.impUID, ended[r.impUID], want)
			}
		}
	})
}

// race makes an attempt, if none is running, which finishes, or crashes and
// answers late.
func (r *runner) race(ctx context.Context, w *world) error {
	a, err := w.store.Begin(ctx, tasks.Revocation{ImpUID: r.impUID}, lease)
	if _, busy := errors.AsType[*outcome.BusyError](err); busy {
		return nil
	}
	if _, over := errors.AsType[*outcome.TerminalError](err); over {
		return nil
	}
	if err != nil {
		return err
	}
	r.begun.Add(1)
	if n := r.live.Add(1); n != 1 {
		return fmt.Errorf("%d attempts are live", n)
	}
	runtime.Gosched()
	r.live.Add(-1)
	if rand.IntN(3) == 0 {
		if err := w.endLease(ctx, r.impUID); err != nil {
			return err
		}
		runtime.Gosched()
	}
	a.Uncounted = rand.IntN(3) == 0
	o := answers[rand.IntN(len(answers))]
	written, err := w.store.Finish(ctx, a, o)
	if written && a.Uncounted {
		r.back.Add(1)
	}
	if written && o.Status.Terminal() {
		r.ended.Add(1)
	}
	return err
}
