package outcome_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/redistest"
)

// leave leaves an imp_uid with an outcome of the given status, whose next
// attempt is so much later than now.
func leave(t *testing.T, s *outcome.Store, r tasks.Revocation, status outcome.Status, next time.Duration) {
	t.Helper()
	attempt, err := s.Begin(t.Context(), r, lease)
	if err != nil {
		t.Fatal(err)
	}
	finish(t, s, attempt, outcome.Outcome{Status: status, Reason: "reason", NextAttemptAt: time.Now().Add(next)})
}

func TestOverviewCountsAndShowsUnfinishedBatches(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, client *redis.Client) {
		clock := noon
		store := outcome.NewStore(client, outcome.Config{Now: func() time.Time { return clock }})
		if o, err := store.Overview(t.Context(), time.Minute); err != nil || o.Open != 0 || o.Batches != nil {
			t.Errorf("of nothing: got %+v, %v", o, err)
		}
		for i := range 25 {
			clock = noon.Add(time.Duration(i) * time.Second)
			if _, err := store.OpenBatch(t.Context(), fmt.Sprintf("b%02d", i), ""); err != nil {
				t.Fatal(err)
			}
		}
		rows, gateways := []outcome.Row{{Kind: outcome.KindQueued}}, []tasks.Gateway{tasks.KCP}
		for _, name := range []string{"b23", "b24"} {
			if err := store.Mark(t.Context(), name, 1, rows, gateways); err != nil {
				t.Fatal(err)
			}
			if err := store.CompleteBatch(t.Context(), name, 1); err != nil {
				t.Fatal(err)
			}
		}
		leave(t, store, tasks.Revocation{ImpUID: "imp_1", PG: tasks.KCP, Batch: "b24", Row: 1}, outcome.Revoked, 0)
		leave(t, store, tasks.Revocation{ImpUID: "imp_2"}, outcome.Dead, 0)
		leave(t, store, tasks.Revocation{ImpUID: "imp_3"}, outcome.Retrying, -2*time.Minute)
		leave(t, store, tasks.Revocation{ImpUID: "imp_4"}, outcome.Retrying, -time.Second)
		if _, err := store.Begin(t.Context(), tasks.Revocation{ImpUID: "imp_5"}, lease); err != nil {
			t.Fatal(err)
		}

		o, err := store.Overview(t.Context(), time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if o.Open != 3 || o.Overdue != 1 || o.Dead != 1 {
			t.Errorf("got %d open, %d overdue, %d dead; want 3, 1 and 1", o.Open, o.Overdue, o.Dead)
		}
		var got, want []string
		for _, b := range o.Batches {
			got = append(got, b.Name)
		}
		for i := 23; i > 3; i-- { // b24 has finished
			want = append(want, fmt.Sprintf("b%02d", i))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("batches (-want +got):\n%s", diff)
		}
		if first := o.Batches[0]; first.Open != 1 || !first.Complete || first.Queued != 1 {
			t.Errorf("got %+v, want what b23 counts", first)
		}
	})
}
