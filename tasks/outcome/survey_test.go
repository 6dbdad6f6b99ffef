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

func TestSurveyCountsWhatIsThere(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, client *redis.Client) {
		store, ctx := outcome.NewStore(client, outcome.Config{}), t.Context()
		got, err := store.Survey(ctx, time.Now())
		if want := (outcome.Survey{EventsKept: outcome.DefaultStreamLength}); err != nil || got != want {
			t.Errorf("of nothing: got %+v, %v", got, err)
		}
		begun := time.Now()
		for i := range 5 { // two end, one of them dead
			attempt, err := store.Begin(ctx, tasks.Revocation{ImpUID: fmt.Sprint("imp_", i)}, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			ends := []outcome.Outcome{{Status: outcome.Dead, Reason: outcome.ReasonRefused}, {Status: outcome.Revoked}}
			if i < len(ends) {
				if _, err := store.Finish(ctx, attempt, ends[i]); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := store.Postpone(ctx, "imp_4", begun.Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
		got, err = store.Survey(ctx, begun)
		if err != nil {
			t.Fatal(err)
		}
		if age := got.Oldest.Sub(begun); age.Abs() > time.Minute {
			t.Errorf("the oldest event is of %v, want %v", got.Oldest, begun)
		}
		got.Oldest = time.Time{}
		want := outcome.Survey{Open: 3, Overdue: 1, Dead: 1, Events: 2, EventsKept: outcome.DefaultStreamLength}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestWritableLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	store, ctx := outcome.NewStore(client, outcome.Config{}), t.Context()
	if err := store.Writable(ctx); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); client.DBSize(ctx).Val() > 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the key stays")
		}
	}
	if err := client.ConfigSet(ctx, "min-replicas-to-write", "1").Err(); err != nil {
		t.Fatal(err)
	}
	if err := store.Writable(ctx); err == nil {
		t.Error("a Redis that refuses writes passes for writable")
	}
}
