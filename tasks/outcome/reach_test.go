package outcome_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

func TestReachOfTheStream(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, client *redis.Client) {
		store, ctx := outcome.NewStore(client, outcome.Config{StreamLength: 70}), t.Context()
		got, err := store.Reach(ctx)
		if want := (outcome.Reach{Kept: 70}); err != nil || got != want {
			t.Errorf("of nothing: got %+v, %v", got, err)
		}
		begun := time.Now()
		for i := range 3 {
			attempt, err := store.Begin(ctx, tasks.Revocation{ImpUID: fmt.Sprint("imp_", i)}, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := store.Finish(ctx, attempt, revoked); err != nil {
				t.Fatal(err)
			}
		}
		got, err = store.Reach(ctx)
		if err != nil || got.Events != 3 || got.Oldest.Sub(begun).Abs() > time.Minute {
			t.Errorf("got %+v, %v; want 3 events since %v", got, err, begun)
		}
	})
}
