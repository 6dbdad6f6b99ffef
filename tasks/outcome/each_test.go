package outcome_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

func TestEachPassesOverWhatItCannotRead(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s := newStore(client)
		finish(t, s, begin(t, s, lease), dead)
		running := tasks.Revocation{ImpUID: "imp_2"}
		if _, err := s.Begin(t.Context(), running, lease); err != nil {
			t.Fatal(err)
		}
		client.HSet(t.Context(), "{receipt}:outcome:imp_3", "imp_uid", "imp_3", "status", "dead", "pg", "kcp", "code", "?",
			"reason", "refused", "attempts", 1, "first_attempt_at", "2026-11-23T12:00:00Z", "updated_at", "2026-11-23T12:00:00Z")

		if _, err := s.Ask(t.Context(), tasks.Revocation{ImpUID: "imp_4", PG: tasks.Nice}); err != nil {
			t.Fatal(err)
		}
		var got []string
		for o, err := range s.Each(t.Context(), []string{"imp_1", asked.ImpUID, "imp_3", "imp_2", "imp_4"}) {
			var corrupt *outcome.CorruptError
			if err != nil && (!errors.As(err, &corrupt) || corrupt.ImpUID != o.ImpUID) {
				t.Fatal(err)
			}
			if o.ImpUID == "imp_1" && !errors.Is(err, outcome.ErrNotFound) {
				t.Errorf("imp_1: %v, want ErrNotFound", err)
			}
			got = append(got, o.ImpUID+" "+string(o.Status)+" "+string(o.PG))
		}
		want := []string{"imp_1  ", asked.ImpUID + " dead kcp", "imp_3 dead kcp", "imp_2 retrying ", "imp_4 queued nice"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for _, err := range s.Each(ctx, []string{"imp_1", "imp_2"}) {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("cancelled: %v", err)
			}
		}
	})
}

func TestEveryOutcomeTheStoreWritesIsComplete(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s := newStore(client)
		readable := func(when string) {
			t.Helper()
			for _, err := range s.Each(t.Context(), []string{asked.ImpUID}) {
				if err != nil {
					t.Errorf("%s: %v", when, err)
				}
			}
		}
		if _, err := s.Ask(t.Context(), asked); err != nil {
			t.Fatal(err)
		}
		readable("asked")
		attempt := begin(t, s, lease)
		readable("begun")
		finish(t, s, attempt, retrying)
		readable("retrying")
		finish(t, s, begin(t, s, lease), dead)
		readable("dead")
		if _, err := s.Revive(t.Context(), asked.ImpUID); err != nil {
			t.Fatal(err)
		}
		readable("revived")
		finish(t, s, begin(t, s, lease), revoked)
		readable("revoked")
		again := asked
		again.Again = true
		if _, err := s.Ask(t.Context(), again); err != nil {
			t.Fatal(err)
		}
		readable("asked again")
		if _, err := s.Cancel(t.Context(), []string{asked.ImpUID}, false); err != nil {
			t.Fatal(err)
		}
		readable("cancelled")
	})
}
