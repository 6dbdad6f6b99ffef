package outcome_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// Of a cancelled batch it is known what is called all the same, and by which gateway, however
// much else is open.
func TestWantedOfACancelledBatch(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s, ctx := newStore(client), t.Context()
		many := make([]string, 1200) // three pages, all of one moment
		for i := range many {
			many[i] = fmt.Sprintf("imp_other_%d", i)
		}
		if _, err := askRows(ctx, s, "other", 1, many...); err != nil {
			t.Fatal(err)
		}
		for impUID, pg := range map[string]tasks.Gateway{"imp_1": tasks.KCP, "imp_2": tasks.Nice, "imp_3": "unheard"} {
			if _, err := s.Ask(ctx, tasks.Revocation{ImpUID: impUID, PG: pg}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := askRows(ctx, s, "a", 1, "imp_1", "imp_2", "imp_3", "imp_4", "imp_5", "imp_other_7"); err != nil {
			t.Fatal(err)
		}
		end(t, s, "imp_5", dead)
		want := func(want map[tasks.Gateway]int) {
			t.Helper()
			b := outcome.Batch{Name: "a"}
			if err := s.CountWanted(ctx, &b); err != nil || !cmp.Equal(b.Wanted, want) {
				t.Errorf("got %v, %v; want %v", b.Wanted, err, want)
			}
		}
		other := askedFor(t, s, "imp_other_7")
		cancelBatch(t, s, "a")
		want(plus(map[tasks.Gateway]int{tasks.KCP: 1, tasks.Nice: 1, "": 1}, other))
		client.HSet(ctx, "{receipt}:outcome:imp_4", "attempts", "many") // it cannot be read
		want(plus(map[tasks.Gateway]int{tasks.KCP: 1, tasks.Nice: 1, "": 1}, other))
		if _, err := s.Cancel(ctx, []string{"imp_1", "imp_2", "imp_other_7"}, false); err != nil {
			t.Fatal(err)
		}
		want(map[tasks.Gateway]int{"": 1})
		b := batch(t, s, "a")
		b.Wanted = map[tasks.Gateway]int{"": 1, tasks.KCP: 1}
		text, err := json.Marshal(b)
		if err != nil || b.Called() != 2 || !strings.Contains(string(text), `"wanted":2,`) {
			t.Errorf("%d are called, %v: %s", b.Called(), err, text)
		}
		if b.Wanted[tasks.KCP] = 1000; b.Called() != b.Open {
			t.Errorf("%d of %d are called", b.Called(), b.Open)
		}
	})
}

// Of a cancelled batch it is known how many stay open since a DELETE may have worked unseen, and until when.
func TestUnseenOfACancelledBatch(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s, ctx := newStore(client), t.Context()
		if _, err := askRows(ctx, s, "a", 1, "imp_1", "imp_2", "imp_3"); err != nil {
			t.Fatal(err)
		}
		until := time.Now().Add(time.Hour).UTC().Truncate(time.Millisecond)
		for impUID, at := range map[string]time.Time{"imp_1": until, "imp_2": until.Add(-time.Minute)} {
			end(t, s, impUID, outcome.Outcome{Status: outcome.Retrying, NextAttemptAt: until, LookedUpUntil: at})
		}
		cancelBatch(t, s, "a")
		b := batch(t, s, "a")
		if err := s.CountWanted(ctx, &b); err != nil || b.Unseen != 2 || !b.UnseenUntil.Equal(until) || b.Called() != 0 {
			t.Errorf("%d unseen until %v, %d called, %v; want 2 until %v", b.Unseen, b.UnseenUntil, b.Called(), err, until)
		}
	})
}

// askedFor returns the gateway whose queue an imp_uid is on.
func askedFor(t *testing.T, s *outcome.Store, impUID string) tasks.Gateway {
	t.Helper()
	o, err := s.Get(t.Context(), impUID)
	if err != nil {
		t.Fatal(err)
	}
	return tasks.QueueOf(tasks.Revocation{PG: o.PG}).PG
}

// plus returns counts with some more.
func plus(counts map[tasks.Gateway]int, more ...tasks.Gateway) map[tasks.Gateway]int {
	for _, pg := range more {
		counts[pg]++
	}
	return counts
}
