package outcome_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

func TestOverviewCountsAndShowsUnfinishedBatches(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s, ctx := newStore(client), t.Context()
		if o, err := s.Overview(ctx, time.Minute); err != nil || o.Open != 0 || o.Batches != nil {
			t.Errorf("of nothing: got %+v, %v", o, err)
		}
		for i := range 25 { // those of one millisecond come in the order of their names
			name := fmt.Sprintf("b%02d", i)
			if _, err := askRows(ctx, s, name, 1, fmt.Sprintf("imp_%s", name)); err != nil {
				t.Fatal(err)
			}
			if err := s.CompleteBatch(ctx, name, 1); err != nil {
				t.Fatal(err)
			}
		}
		end(t, s, "imp_b24", revoked)
		end(t, s, "imp_2", dead)
		retrying := retrying
		for impUID, next := range map[string]time.Duration{"imp_3": -2 * time.Minute, "imp_4": -time.Second} {
			retrying.NextAttemptAt = time.Now().Add(next)
			end(t, s, impUID, retrying)
		}
		if _, err := s.Begin(ctx, tasks.Revocation{ImpUID: "imp_5"}, lease); err != nil {
			t.Fatal(err)
		}

		o, err := s.Overview(ctx, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if o.Open != 3+24 || o.Overdue != 1 || o.Dead != 1 {
			t.Errorf("got %d open, %d overdue, %d dead; want 27, 1 and 1", o.Open, o.Overdue, o.Dead)
		}
		var got, want []string
		for _, b := range o.Batches {
			got = append(got, b.Name)
		}
		for i := 23; i > 3; i-- { // b24 has finished
			want = append(want, fmt.Sprintf("b%02d", i))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("batches (-want +got):\n%s", diff)
		}
		if first := o.Batches[0]; first.Open != 1 || !first.Complete || first.Queued != 1 {
			t.Errorf("got %+v, want what b23 counts", first)
		}
	})
}

// What is cancelled is due at once, and overdue only once no worker has ended it for a while.
func TestOverviewOfWhatIsCancelled(t *testing.T) {
	t.Parallel()
	s, _, set := clocked(t)
	if _, err := s.Ask(t.Context(), tasks.Revocation{ImpUID: "imp_1"}); err != nil {
		t.Fatal(err)
	}
	attempt, err := s.Begin(t.Context(), tasks.Revocation{ImpUID: "imp_2"}, lease)
	if err != nil {
		t.Fatal(err)
	}
	set(noon.Add(time.Second))
	if _, err := s.Cancel(t.Context(), []string{"imp_1", "imp_2"}, false); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Finish(t.Context(), attempt, retrying); err != nil {
		t.Fatal(err)
	}
	wantOverdue(t, s, 0, "-imp_1", "-imp_2")
	if _, err := s.Ask(t.Context(), tasks.Revocation{ImpUID: "imp_3"}); err != nil {
		t.Fatal(err)
	}
	waiting, err := s.Waiting(t.Context())
	if want := (outcome.Waiting{Open: 3, Cancelled: 2}); waiting != want || err != nil {
		t.Errorf("got %+v, %v; want %+v", waiting, err, want)
	}
	end(t, s, "imp_3", revoked)
	for after, want := range map[time.Duration]int64{time.Second: 0, time.Minute: 0, time.Minute + 2*time.Second: 2} {
		set(noon.Add(after))
		if o, err := s.Overview(t.Context(), time.Minute); err != nil || o.Open != 2 || o.Overdue != want {
			t.Errorf("after %v: got %+v, %v; want %d of 2 overdue", after, o, err, want)
		}
	}
}
