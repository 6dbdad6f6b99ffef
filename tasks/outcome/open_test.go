package outcome_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/redistest"
)

func TestManyArePostponedAndNoneBroughtForward(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, client *redis.Client) {
		store, now := outcome.NewStore(client, outcome.Config{}), time.Now()
		for _, impUID := range []string{"imp_1", "imp_2", "imp_3"} {
			if _, err := store.Begin(t.Context(), tasks.Revocation{ImpUID: impUID}, time.Millisecond); err != nil {
				t.Fatal(err)
			}
		}
		if err := store.Postpone(t.Context(), "imp_3", now.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if err := store.PostponeAll(t.Context(), []string{"imp_2", "imp_3", "imp_4"}, now.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		want := func(before time.Duration, want ...string) {
			t.Helper()
			got, err := store.Overdue(t.Context(), now.Add(before), 10)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("overdue before %v: %v (-want +got):\n%s", before, err, diff)
			}
		}
		want(59*time.Second, "imp_1")
		want(59*time.Minute, "imp_1", "imp_2")
		want(61*time.Minute, "imp_1", "imp_2", "imp_3")
		if err := store.Close(t.Context(), "imp_1", "imp_3"); err != nil {
			t.Fatal(err)
		}
		want(2*time.Hour, "imp_2")
	})
}

func TestCutArchivesAreRememberedUntilCleared(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, client *redis.Client) {
		store := outcome.NewStore(client, outcome.Config{})
		for _, queue := range []string{"receipts", "receipts-kcp", "receipts"} {
			if err := store.MarkCut(t.Context(), queue); err != nil {
				t.Fatal(err)
			}
		}
		if err := store.ClearCut(t.Context(), "receipts"); err != nil {
			t.Fatal(err)
		}
		got, err := outcome.NewStore(client, outcome.Config{}).CutArchives(t.Context())
		if diff := cmp.Diff([]string{"receipts-kcp"}, got); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	})
}
