package outcome_test

import (
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// markCancelled marks a batch, twice as if the reply were lost.
func markCancelled(t *testing.T, s *outcome.Store, name string) {
	t.Helper()
	for range 2 {
		if err := s.MarkCancelled(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
}

// A list whose producer died has no end. Once its batch is cancelled, it has finished
// with what was asked for.
func TestCancelledBatchFinishesWithWhatWasAskedFor(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, client *redis.Client) {
		s := newStore(client)
		for name, impUID := range map[string]string{"ended": "imp_1", "open": "imp_2"} {
			if _, err := askRows(t.Context(), s, name, 1, impUID); err != nil {
				t.Fatal(err)
			}
		}
		end(t, s, "imp_1", revoked)
		markCancelled(t, s, "ended")
		markCancelled(t, s, "open")
		if !batch(t, s, "ended").Finished() || batch(t, s, "open").Finished() {
			t.Errorf("got %+v and %+v; want that the first has finished", batch(t, s, "ended"), batch(t, s, "open"))
		}
		end(t, s, "imp_2", dead)
		if !batch(t, s, "open").Finished() {
			t.Errorf("got %+v; want that it has finished once nothing is open", batch(t, s, "open"))
		}
		if n := client.XLen(t.Context(), "{receipt}:batches").Val(); n != 2 {
			t.Errorf("%d batches were published, want each once", n)
		}
	})
}

// A task that its producer did not record is not called for a batch that is cancelled.
func TestUnrecordedTaskOfACancelledBatchIsWithdrawn(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, client *redis.Client) {
		s := newStore(client)
		if _, err := askRows(t.Context(), s, "a", 1, "imp_1"); err != nil {
			t.Fatal(err)
		}
		markCancelled(t, s, "a")
		caller := outcome.NewCaller()
		for range 2 { // the second call repeats the first, whose reply was lost
			r := tasks.Revocation{ImpUID: "imp_2", Batch: "a", Row: 2}
			attempt, err := s.BeginAs(t.Context(), r, lease, caller)
			if err != nil || !attempt.Withdrawn {
				t.Errorf("got %+v, %v; want that it is withdrawn", attempt, err)
			}
		}
	})
}

// What was withdrawn before its first attempt is to be ended at once, and goes on once a
// person revives it.
func TestWithdrawnRequestIsOver(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, client *redis.Client) {
		s, ctx := newStore(client), t.Context()
		impUIDs := []string{"imp_1", "imp_2", "imp_3"}
		for _, impUID := range impUIDs[:2] {
			if _, err := s.Ask(ctx, tasks.Revocation{ImpUID: impUID, PG: tasks.KCP}); err != nil {
				t.Fatal(err)
			}
		}
		for _, dry := range []bool{true, false} {
			found, err := s.Cancel(ctx, impUIDs, dry)
			if err != nil || found[0] != outcome.Withdrawn || found[1] != outcome.Withdrawn || found[2] != outcome.Unknown {
				t.Errorf("dry %t: got %v, %v", dry, found, err)
			}
		}
		open, _, err := s.Overdue(ctx, 24*time.Hour, 10)
		if err != nil || len(open) != 2 || !open[0].Withdrawn || !open[1].Withdrawn {
			t.Errorf("got %+v, %v; want both to be ended at once", open, err)
		}
		for _, impUID := range impUIDs[:2] {
			attempt, err := s.Begin(ctx, tasks.Revocation{ImpUID: impUID}, lease)
			if err != nil || !attempt.Withdrawn {
				t.Fatalf("got %+v, %v; want that it is withdrawn", attempt, err)
			}
			attempt.Uncounted = true
			finish(t, s, attempt, outcome.Outcome{Status: outcome.Dead, Reason: outcome.ReasonWithdrawn})
		}
		for event, err := range s.Events(ctx, "0") {
			o := event.Outcome
			if err != nil || o.Status != outcome.Dead || o.Reason != outcome.ReasonWithdrawn || o.Attempts != 0 {
				t.Errorf("got %+v, %v; want what was withdrawn", o, err)
			}
		}
		if _, err := s.Revive(ctx, "imp_2"); !errors.Is(err, outcome.ErrWithdrawn) {
			t.Errorf("revived by nobody who knows that it is withdrawn: %v", err)
		}
		if _, err := s.ReviveWithdrawn(ctx, "imp_2"); err != nil {
			t.Fatal(err)
		}
		if attempt, err := s.Begin(ctx, tasks.Revocation{ImpUID: "imp_2"}, lease); err != nil || attempt.Withdrawn {
			t.Errorf("revived: got %+v, %v; want that it goes on", attempt, err)
		}
		if found, err := s.Cancel(ctx, nil, false); err != nil || len(found) != 0 {
			t.Errorf("of none: %v, %v", found, err)
		}
	})
}

// What a person retries of a cancelled list belongs to it again: the list can be cancelled
// again. What somebody else asks for as well stays.
func TestRetriedLettersOfACancelledListBelongToItAgain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		others func(*testing.T, *outcome.Store) // what else happens before it is cancelled again
		want   outcome.Withdrawal
	}{
		"nobody else asks":        {func(*testing.T, *outcome.Store) {}, outcome.Called},
		"a single request":        {askAlone, outcome.Wanted},
		"another list":            {askInOther, outcome.Wanted},
		"another list, cancelled": {func(t *testing.T, s *outcome.Store) { askInOther(t, s); cancelBatch(t, s, "b") }, outcome.Called},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.Both(t, func(t *testing.T, client *redis.Client) {
				s, ctx := newStore(client), t.Context()
				if _, err := askRows(ctx, s, "a", 1, "imp_1"); err != nil {
					t.Fatal(err)
				}
				end(t, s, "imp_1", dead)
				cancelBatch(t, s, "a") // too late
				for range 2 {
					if _, err := s.Revive(ctx, "imp_1"); err != nil {
						t.Fatal(err)
					}
					attempt, err := s.Begin(ctx, tasks.Revocation{ImpUID: "imp_1"}, lease)
					if err != nil || attempt.Withdrawn {
						t.Fatalf("got %+v, %v; want that it goes on", attempt, err)
					}
					finish(t, s, attempt, dead)
				}
				if _, err := s.Revive(ctx, "imp_1"); err != nil {
					t.Fatal(err)
				}
				test.others(t, s)
				if got := cancelBatch(t, s, "a"); got != test.want {
					t.Errorf("cancelled again, it is %q, want %q", got, test.want)
				}
				attempt, err := s.Begin(ctx, tasks.Revocation{ImpUID: "imp_1"}, lease)
				if err != nil || attempt.Withdrawn != (test.want == outcome.Called) {
					t.Errorf("got %+v, %v", attempt, err)
				}
			})
		})
	}
}

// Of two lists that were cancelled and whose letter was retried, each asks for it again.
func TestRetriedLetterBelongsToEachOfItsLists(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, client *redis.Client) {
		s, ctx := newStore(client), t.Context()
		for _, name := range []string{"a", "b"} {
			if _, err := askRows(ctx, s, name, 1, "imp_1"); err != nil {
				t.Fatal(err)
			}
		}
		end(t, s, "imp_1", dead)
		cancelBatch(t, s, "a")
		cancelBatch(t, s, "b")
		if _, err := s.Revive(ctx, "imp_1"); err != nil {
			t.Fatal(err)
		}
		if got := cancelBatch(t, s, "a"); got != outcome.Wanted {
			t.Errorf("of the first: %q, want that the other asks for it", got)
		}
		if got := cancelBatch(t, s, "b"); got != outcome.Called {
			t.Errorf("of the other: %q, want that nobody asks for it any more", got)
		}
	})
}

func askAlone(t *testing.T, s *outcome.Store) {
	t.Helper()
	if _, err := s.Ask(t.Context(), tasks.Revocation{ImpUID: "imp_1"}); err != nil {
		t.Fatal(err)
	}
}

func askInOther(t *testing.T, s *outcome.Store) {
	t.Helper()
	if _, err := askRows(t.Context(), s, "b", 1, "imp_1"); err != nil {
		t.Fatal(err)
	}
}

// cancelBatch cancels a batch, and returns what became of its one open line, if there is one.
func cancelBatch(t *testing.T, s *outcome.Store, name string) (of outcome.Withdrawal) {
	t.Helper()
	markCancelled(t, s, name)
	for page, err := range s.CancelOpen(t.Context(), name, false) {
		if err != nil {
			t.Fatal(err)
		}
		for _, of = range page.Withdrawals {
		}
	}
	return of
}
