package outcome_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// TestWhatIsAskedForWhileItIsWithdrawnIsNew asks for a request between the moment an
// attempt finds it withdrawn and the one it says so.
func TestWhatIsAskedForWhileItIsWithdrawnIsNew(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s, ctx := outcome.NewStore(client, outcome.Config{}), t.Context()
		r := tasks.Revocation{ImpUID: "imp_1", PG: tasks.KCP}
		if _, err := s.Ask(ctx, r); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Cancel(ctx, []string{r.ImpUID}, false); err != nil {
			t.Fatal(err)
		}
		a, err := s.Begin(ctx, r, time.Minute)
		if err != nil || !a.Withdrawn {
			t.Fatalf("begun: %+v, %v, want it withdrawn", a, err)
		}
		fresh := r
		fresh.Tier = "BBB"
		if asked, err := s.Ask(ctx, fresh); err != nil || asked.Kind != outcome.KindQueued {
			t.Fatalf("asked: %+v, %v, want it new", asked, err)
		}
		a.Uncounted = true
		written, err := s.Finish(ctx, a, outcome.Outcome{Status: outcome.Dead, Reason: outcome.ReasonWithdrawn})
		if err != nil || written {
			t.Errorf("finish: %v, %v, want nothing written", written, err)
		}
		if open, _, err := s.Overdue(ctx, -time.Second, 10); err != nil || len(open) != 1 || open[0].Withdrawn {
			t.Errorf("overdue: %+v, %v, want it, not withdrawn", open, err)
		}
		if may, err := s.Extend(ctx, a, time.Minute); err != nil || may {
			t.Errorf("extend: %v, %v, want that it may not call", may, err)
		}
		if a, err = s.Begin(ctx, r, time.Minute); err != nil || a.Withdrawn || a.Number != 1 || a.Uncertain() || a.Revocation.Tier != "BBB" {
			t.Errorf("begun again: %+v, %v, want the first attempt, at once", a, err)
		}
	})
}

// A producer of an older version asks for what is withdrawn by taking the mark away, while
// an attempt is about to end it.
func TestWhatAnOlderProducerAsksForWhileItIsWithdrawnGoesOn(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s, ctx := newStore(client), t.Context()
		r := tasks.Revocation{ImpUID: "imp_1", PG: tasks.KCP}
		_, asking := s.Ask(ctx, r)
		_, cancelling := s.Cancel(ctx, []string{r.ImpUID}, false)
		a, err := s.Begin(ctx, r, time.Minute)
		if err := errors.Join(asking, cancelling, err); err != nil {
			t.Fatal(err)
		}
		client.HDel(ctx, "{receipt}:request:imp_1", "withdrawn")
		client.HSet(ctx, "{receipt}:request:imp_1", "single", "1")
		written, err := s.Finish(ctx, a, outcome.Outcome{Status: outcome.Dead, Reason: outcome.ReasonWithdrawn})
		if err != nil || written {
			t.Errorf("finish: %v, %v, want nothing written", written, err)
		}
		client.HSet(ctx, "{receipt}:outcome:imp_1", "leased_until", 1)
		if a, err = s.Begin(ctx, r, time.Minute); err != nil || a.Withdrawn || a.Number != 1 || a.Uncertain() {
			t.Errorf("begun again: %+v, %v, want the first attempt", a, err)
		}
	})
}

// An attempt whose process stopped may have made its DELETE: a request made after a cancel
// is uncertain then, and the stopped one may not call once it goes on.
func TestRequestAfterACancelKnowsWhatMayHaveBeenCalled(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s, ctx := newStore(client), t.Context()
		r := tasks.Revocation{ImpUID: "imp_1", PG: tasks.KCP, Batch: "a", Row: 1}
		if _, err := askRows(ctx, s, "a", 1, "imp_1"); err != nil {
			t.Fatal(err)
		}
		stopped, err := s.Begin(ctx, r, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		client.HSet(ctx, "{receipt}:outcome:imp_1", "leased_until", 1)
		markCancelled(t, s, "a")
		fresh := tasks.Revocation{ImpUID: "imp_1", PG: tasks.Nice, Tier: "BBB", Again: true}
		if asked, err := s.Ask(ctx, fresh); err != nil || asked.Kind != outcome.KindQueued || !asked.Enqueue {
			t.Fatalf("asked: %+v, %v, want it new", asked, err)
		}
		if may, err := s.Extend(ctx, stopped, time.Minute); err != nil || may {
			t.Errorf("extend: %v, %v, want that it may not call", may, err)
		}
		var busy *outcome.BusyError
		if _, err := s.Begin(ctx, r, time.Minute); !errors.As(err, &busy) {
			t.Errorf("begun while the stopped one lives: %v, want it busy", err)
		}
		if written, err := s.Finish(ctx, stopped, revoked); err != nil || written {
			t.Errorf("finish: %v, %v, want nothing written", written, err)
		}
		client.HSet(ctx, "{receipt}:outcome:imp_1", "leased_until", 1)
		a, err := s.Begin(ctx, r, time.Minute) // by the task of the request before
		if err != nil || a.Number != 1 || !a.Uncertain() || a.Withdrawn || !a.AskedAt.After(stopped.AskedAt) {
			t.Errorf("begun: %+v, %v, want a first attempt that looks up", a, err)
		}
		if diff := cmp.Diff(fresh, a.Revocation, cmpopts.IgnoreFields(fresh, "Row")); diff != "" {
			t.Errorf("begun of another request (-want +got):\n%s", diff)
		}
		finish(t, s, a, revoked)
		wantFigures(t, s, "a", "1 lines: 1 queued 0 elsewhere 0 repeated 0 invalid; 1 revoked 0 dead 0 open")
	})
}

// TestProcessThatDiesWhileItWithdrawsLeavesNoDoubt lets the lease end of an attempt that
// made no DELETE.
func TestProcessThatDiesWhileItWithdrawsLeavesNoDoubt(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s, ctx := outcome.NewStore(client, outcome.Config{}), t.Context()
		r := tasks.Revocation{ImpUID: "imp_1", PG: tasks.KCP}
		over := func() { client.HSet(ctx, "{receipt}:outcome:imp_1", "leased_until", 1) } // the lease is
		if _, err := s.Ask(ctx, r); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Cancel(ctx, []string{r.ImpUID}, false); err != nil {
			t.Fatal(err)
		}
		if a, err := s.Begin(ctx, r, time.Minute); err != nil || !a.Withdrawn {
			t.Fatalf("begun: %+v, %v, want it withdrawn", a, err)
		}
		over()
		a, err := s.Begin(ctx, r, time.Minute)
		if err != nil || !a.Withdrawn || a.Number != 1 || a.Uncertain() {
			t.Errorf("begun again: %+v, %v, want it withdrawn, and no doubt", a, err)
		}
		// Of one that may have made a DELETE there is doubt, withdrawn or not.
		if _, err := s.Ask(ctx, r); err != nil {
			t.Fatal(err)
		}
		over()
		if a, err = s.Begin(ctx, r, time.Minute); err != nil || a.Withdrawn || a.Number != 1 || a.Uncertain() {
			t.Errorf("begun for the first call: %+v, %v, want no doubt", a, err)
		}
		if _, err := s.Cancel(ctx, []string{r.ImpUID}, false); err != nil {
			t.Fatal(err)
		}
		over()
		if a, err = s.Begin(ctx, r, time.Minute); err != nil || !a.Withdrawn || a.Number != 2 || !a.Uncertain() {
			t.Errorf("begun after it: %+v, %v, want it withdrawn, and doubt", a, err)
		}
	})
}

// TestAttemptKnowsTheGatewayOfItsRequest begins an attempt by the task of a producer that
// did not know it.
func TestAttemptKnowsTheGatewayOfItsRequest(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s, ctx := outcome.NewStore(client, outcome.Config{}), t.Context()
		if _, err := s.Ask(ctx, tasks.Revocation{ImpUID: "imp_1", PG: tasks.KCP}); err != nil {
			t.Fatal(err)
		}
		a, err := s.Begin(ctx, tasks.Revocation{ImpUID: "imp_1"}, time.Minute)
		if err != nil || a.Revocation.PG != tasks.KCP {
			t.Errorf("begun: %+v, %v, want the gateway %s", a, err, tasks.KCP)
		}
	})
}
