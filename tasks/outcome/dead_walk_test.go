package outcome_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks/outcome"
)

// bury adds dead letters of a reason, per of them in each millisecond from the
// given one on.
func bury(t *testing.T, client *redis.Client, reason outcome.Reason, from, count, per int) {
	t.Helper()
	_, err := client.Pipelined(t.Context(), func(p redis.Pipeliner) error {
		for i := range count {
			impUID := fmt.Sprintf("imp_%s_%05d", reason, i)
			p.ZAdd(t.Context(), "{receipt}:dead", redis.Z{Score: float64(from + i/per), Member: impUID})
			if reason != "" {
				p.HSet(t.Context(), "{receipt}:outcome:"+impUID, "imp_uid", impUID, "status", "dead", "reason", string(reason))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestCountDeadCountsEachLetterOnce(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s := newStore(client)
		bury(t, client, outcome.ReasonRefused, 1000, 1300, 1)
		bury(t, client, outcome.ReasonNotIssued, 1200, 1700, 1700) // all in one millisecond, more than a page
		bury(t, client, "", 900, 3, 1)                             // outcomes that are gone

		counts, pages := make(map[outcome.Reason]int), 0
		for place := (outcome.DeadPlace{}); !place.End(); pages++ {
			page, next, err := s.CountDead(t.Context(), place)
			if err != nil {
				t.Fatal(err)
			}
			if pages == 0 && page[outcome.ReasonRefused] == 0 {
				t.Errorf("the first page has %v, want the newest", page)
			}
			for reason, n := range page {
				counts[reason] += n
			}
			place = next
		}
		want := map[outcome.Reason]int{outcome.ReasonRefused: 1300, outcome.ReasonNotIssued: 1700, "": 3}
		if diff := cmp.Diff(want, counts); diff != "" || pages < 4 {
			t.Errorf("in %d pages (-want +got):\n%s", pages, diff)
		}
	})
}
