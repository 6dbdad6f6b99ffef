package outcome_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// end lets a request for an imp_uid end.
func end(t *testing.T, s *outcome.Store, impUID string, o outcome.Outcome) {
	t.Helper()
	attempt, err := s.Begin(t.Context(), tasks.Revocation{ImpUID: impUID}, lease)
	if err != nil {
		t.Fatal(err)
	}
	finish(t, s, attempt, o)
}

// What came of each line is kept, also of those that nothing was asked for in.
func TestRowsKeepTheirKindAndDigest(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s := newStore(client)
		end(t, s, "imp_2", dead)
		rows := make([]outcome.Row, 6)
		requests := make([]tasks.Revocation, len(rows))
		for i, impUID := range []string{"imp_1", "imp_2", "imp_1", "imp 3", "imp_1", "imp_1"} {
			rows[i].Digest = [4]byte{byte(i), 0, '\r', '\n'} // any bytes
			requests[i] = tasks.Revocation{ImpUID: impUID, PG: tasks.KCP, Batch: "a", Row: i + 1}
		}
		rows[3].Kind, rows[4].Kind, requests[5].ApplyNum = outcome.KindInvalid, outcome.KindRepeated, "N2"
		for i, want := range []string{"qerirx", "qeriri"} { // again after a lost reply
			asked, err := s.AskRows(t.Context(), "a", "", 1, rows, requests)
			got := ""
			for _, a := range asked {
				if a.Other {
					a.Kind = 'x'
				}
				got += string(a.Kind)
			}
			if got != want || err != nil {
				t.Errorf("time %d: got %s, %v; want %s", i+1, got, err, want)
			}
		}
		want := make([]outcome.Row, len(rows))
		for i, kind := range "qeriri" {
			want[i] = outcome.Row{Kind: outcome.Kind(kind), Digest: rows[i].Digest}
		}
		got, err := s.Rows(t.Context(), "a", 1, 9)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		if got, err := s.Rows(t.Context(), "a", 3, 2); err != nil || cmp.Diff(want[2:4], got) != "" {
			t.Errorf("got %+v, %v; want the third and the fourth", got, err)
		}
		wantFigures(t, s, "a", "6 lines: 1 queued 1 elsewhere 2 repeated 2 invalid; 0 revoked 1 dead 1 open")
		kcp := map[tasks.Gateway]outcome.GatewayCount{tasks.KCP: {Asked: 2, Dead: 1}}
		if diff := cmp.Diff(kcp, batch(t, s, "a").Gateways); diff != "" {
			t.Errorf("gateways (-want +got):\n%s", diff)
		}
	})
}

// A list without a line makes a batch that has finished once it is complete, and is
// shorter than any other.
func TestBatchOfAnEmptyList(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s := newStore(client)
		if _, err := askRows(t.Context(), s, "other", 1, "imp_1"); err != nil {
			t.Fatal(err)
		}
		for range 2 { // again after a lost reply
			for _, name := range []string{"empty", "other"} {
				if got, err := askRows(t.Context(), s, name, 1); got != "" || err != nil {
					t.Errorf("%s: got %q, %v", name, got, err)
				}
			}
			if err := s.CompleteBatch(t.Context(), "empty", 0); err != nil || !batch(t, s, "empty").Finished() {
				t.Errorf("got %+v, %v; want that it has finished", batch(t, s, "empty"), err)
			}
			var other *outcome.OtherListError
			if err := s.CompleteBatch(t.Context(), "other", 0); !errors.As(err, &other) || other.Rows != 1 {
				t.Errorf("got %v, want that the list of the other has a line", err)
			}
		}
		if n := client.XLen(t.Context(), "{receipt}:batches").Val(); n != 1 {
			t.Errorf("it was published %d times, want once", n)
		}
	})
}

func TestNoBatchHasMoreThanMaxRows(t *testing.T) {
	t.Parallel()
	s := newStore(redistest.Embedded(t))
	if _, err := askRows(t.Context(), s, "a", 1, "imp_1"); err != nil {
		t.Fatal(err)
	}
	if _, err := askRows(t.Context(), s, "a", outcome.MaxRows, "imp_2", "imp_3"); !errors.Is(err, outcome.ErrTooLong) {
		t.Errorf("got %v, want ErrTooLong", err)
	}
	if got := batch(t, s, "a").Lines; got != 1 {
		t.Errorf("%d lines, want the first", got)
	}
}
