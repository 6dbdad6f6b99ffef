package outcome_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// However many producers, workers and operators race, every request that was accepted
// as new ends once.
func TestRacingRequestsEndOnce(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s := newStore(client)
		var accepted [20]atomic.Int64
		group, ctx := errgroup.WithContext(t.Context())
		for range 8 {
			group.Go(func() error {
				for range 100 {
					i := rand.IntN(len(accepted))
					fresh, err := disturb(ctx, s, fmt.Sprintf("imp_%d", i))
					if err != nil {
						return err
					}
					if fresh {
						accepted[i].Add(1)
					}
				}
				return nil
			})
		}
		if err := group.Wait(); err != nil {
			t.Fatal(err)
		}
		for i := range accepted { // what is open still comes to its end
			impUID := fmt.Sprintf("imp_%d", i)
			if attempt, err := s.Begin(t.Context(), tasks.Revocation{ImpUID: impUID}, lease); err == nil {
				if accepted[i].Load() == 0 { // nobody has asked, so that it was new
					accepted[i].Add(1)
				}
				finish(t, s, attempt, dead)
			}
		}
		ended := make(map[string]int64)
		for event, err := range s.Events(t.Context(), "0") {
			if err != nil {
				t.Fatal(err)
			}
			ended[event.Outcome.ImpUID]++
		}
		for i := range accepted {
			impUID := fmt.Sprintf("imp_%d", i)
			// What was withdrawn and is asked for before it has ended ends with the new one.
			if want := accepted[i].Load(); ended[impUID] > want || ended[impUID] < want && !cancels(impUID) {
				t.Errorf("%s: %d ends of %d requests", impUID, ended[impUID], want)
			}
		}
		wantOverdue(t, s, -everything)
	})
}

// cancels reports whether an operator cancels requests for an imp_uid: every second.
func cancels(impUID string) bool { return impUID[len(impUID)-1]%2 == 0 }

// disturb asks for a receipt, cancels that, or makes an attempt if none is running. It
// reports whether it made a new request.
func disturb(ctx context.Context, s *outcome.Store, impUID string) (fresh bool, err error) {
	r := tasks.Revocation{ImpUID: impUID, Again: rand.IntN(2) == 0}
	switch n := rand.IntN(4); {
	case n == 0 && cancels(impUID):
		_, err := s.Cancel(ctx, []string{impUID}, false)
		return false, err
	case n < 3:
		asked, err := s.Ask(ctx, r)
		return asked.Kind == outcome.KindQueued, err
	}
	if o, err := s.Get(ctx, impUID); errors.Is(err, outcome.ErrNotFound) || o.Status.Terminal() {
		return false, nil // nobody has asked, or it is over
	} else if err != nil {
		return false, err
	}
	attempt, err := s.Begin(ctx, r, lease)
	if _, busy := errors.AsType[*outcome.BusyError](err); busy {
		return false, nil
	}
	if _, over := errors.AsType[*outcome.TerminalError](err); over {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	_, err = s.Finish(ctx, attempt, []outcome.Outcome{dead, retrying, revoked}[rand.IntN(3)])
	return false, err
}
