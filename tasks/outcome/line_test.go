package outcome_test

import (
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// Payloads are of anybody's making. Rows and names that no batch can have touch
// no batch, and keep no outcome from being written and counted elsewhere.
func TestRowsThatNoBatchHasAreNotCounted(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s := newStore(client)
		const name = "a"
		if _, err := askRows(t.Context(), s, name, 1, "imp_0"); err != nil {
			t.Fatal(err)
		}
		rows := "{receipt}:batch:a:rows"
		kept := client.Get(t.Context(), rows).Val()
		for impUID, r := range map[string]tasks.Revocation{
			"imp_1": {Batch: name, Row: 1_764_000_000},
			"imp_2": {Batch: name, Row: 1 << 40},
			"imp_3": {Batch: name, Row: outcome.MaxRows + 1},
			"imp_4": {Batch: name, Row: -1},
			"imp_5": {Batch: name + ":rows", Row: 1},
			"imp_6": {Batch: strings.Repeat("a", 65), Row: 1},
		} {
			r.ImpUID = impUID
			attempt, err := s.Begin(t.Context(), r, lease)
			if err != nil {
				t.Fatal(err)
			}
			if !finish(t, s, attempt, revoked) {
				t.Errorf("%+v: nothing was written", r)
			}
		}
		if got := client.Get(t.Context(), rows).Val(); got != kept || len(got) != 5 {
			t.Errorf("the rows are %q, and were %q", got, kept)
		}
		if bytes := client.StrLen(t.Context(), "{receipt}:batch:a:counted").Val(); bytes > 1 {
			t.Errorf("%d bytes for counted rows, want none", bytes)
		}
		if b := batch(t, s, name); b.Revoked != 0 {
			t.Errorf("got %+v; want that it counts none of them", b)
		}
	})
}

// A task that its producer did not record is counted by its batch all the same, and a
// payload says nothing about a request that is recorded.
func TestABatchCountsWhatItAskedFor(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s := newStore(client)
		if _, err := askRows(t.Context(), s, asked.Batch, 1, "imp_0"); err != nil {
			t.Fatal(err)
		}
		r := asked
		r.Row = outcome.MaxRows
		attempt, err := s.Begin(t.Context(), r, lease)
		if err != nil {
			t.Fatal(err)
		}
		finish(t, s, attempt, revoked)
		if b := batch(t, s, asked.Batch); b.Revoked != 1 {
			t.Errorf("got %+v; want one revoked", b)
		}
		if _, err := s.Ask(t.Context(), tasks.Revocation{ImpUID: "imp_1"}); err != nil {
			t.Fatal(err)
		}
		attempt, err = s.Begin(t.Context(), tasks.Revocation{ImpUID: "imp_1", Batch: asked.Batch, Row: 1}, lease)
		if err != nil {
			t.Fatal(err)
		}
		finish(t, s, attempt, dead)
		if b := batch(t, s, asked.Batch); b.Revoked != 1 || b.Dead != 0 {
			t.Errorf("got %+v; want nothing of what was asked for without it", b)
		}
	})
}
