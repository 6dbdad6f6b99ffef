package outcome_test

import (
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks/outcome"
)

func TestNewestDeadIsTheLastOnTheList(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s := newStore(client)
		if at, err := s.NewestDead(t.Context()); !at.IsZero() || err != nil {
			t.Errorf("got %v, %v; want none", at, err)
		}
		finish(t, s, begin(t, s, lease), dead)
		ended := get(t, s).UpdatedAt
		before := redis.Z{Score: float64(ended.Add(-time.Hour).UnixMilli()), Member: "imp_1"}
		client.ZAdd(t.Context(), "{receipt}:dead", before)
		if at, err := s.NewestDead(t.Context()); at != ended || err != nil {
			t.Errorf("got %v, %v; want %v", at, err, ended)
		}
		for impUID, want := range map[string]bool{asked.ImpUID: true, "imp_1": true, "imp_2": false} {
			if got, err := s.Listed(t.Context(), impUID); got != want || err != nil {
				t.Errorf("%s listed: %t, %v; want %t", impUID, got, err, want)
			}
		}
	})
}

func TestEveryReasonOfADeadOutcomeIsNamed(t *testing.T) {
	t.Parallel()
	if got := outcome.DeadReasons(); !slices.Contains(got, dead.Reason) || slices.Contains(got, revoked.Reason) {
		t.Errorf("got %q", got)
	}
}
