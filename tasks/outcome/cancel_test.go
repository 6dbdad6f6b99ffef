package outcome_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
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
	redistest.One(t, func(t *testing.T, client *redis.Client) {
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

// A batch that is cancelled again was cancelled when that was done first.
func TestCancelledBatchStaysCancelledSinceTheFirstTime(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s := newStore(client)
		if _, err := askRows(t.Context(), s, "a", 1, "imp_1"); err != nil {
			t.Fatal(err)
		}
		end(t, s, "imp_1", dead)
		if err := s.MarkCancelled(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		first := batch(t, s, "a")
		time.Sleep(5 * time.Millisecond) // times are in milliseconds
		if err := s.MarkCancelled(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(first, batch(t, s, "a")); diff != "" {
			t.Errorf("cancelling it again changes it (-first +second):\n%s", diff)
		}
	})
}

// A list that is revoked as a whole has nothing to be withdrawn, one with a dead letter has.
func TestRevokedListIsNotCancelled(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s := newStore(client)
		for name, impUID := range map[string]string{"revoked": "imp_1", "dead": "imp_2"} {
			if _, err := askRows(t.Context(), s, name, 1, impUID); err != nil {
				t.Fatal(err)
			}
			if err := s.CompleteBatch(t.Context(), name, 1); err != nil {
				t.Fatal(err)
			}
		}
		end(t, s, "imp_1", revoked)
		end(t, s, "imp_2", dead)
		markCancelled(t, s, "revoked")
		markCancelled(t, s, "dead")
		if at := batch(t, s, "revoked").CancelledAt; !at.IsZero() {
			t.Errorf("the list that was revoked is cancelled at %v", at)
		}
		if batch(t, s, "dead").CancelledAt.IsZero() {
			t.Error("the list with a dead letter is not cancelled")
		}
	})
}

// What had been cancelled before is told from what is cancelled now, also of a dry run.
func TestCancelledListTellsWhatWasCancelledBefore(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s, ctx := newStore(client), t.Context()
		if _, err := askRows(ctx, s, "a", 1, "imp_1", "imp_2"); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Cancel(ctx, []string{"imp_1"}, false); err != nil {
			t.Fatal(err)
		}
		before := func(dry bool) map[string]bool {
			found := make(map[string]bool)
			for page, err := range s.CancelOpen(ctx, "a", dry) {
				if err != nil {
					t.Fatal(err)
				}
				for i, impUID := range page.ImpUIDs {
					if found[impUID] = page.Before[i]; page.Withdrawals[i] != outcome.Withdrawn {
						t.Errorf("%s is %s", impUID, page.Withdrawals[i])
					}
				}
			}
			return found
		}
		one, both := map[string]bool{"imp_1": true, "imp_2": false}, map[string]bool{"imp_1": true, "imp_2": true}
		for i, want := range []map[string]bool{one, one, both, both} {
			if i == 1 {
				markCancelled(t, s, "a")
			}
			if diff := cmp.Diff(want, before(i%3 == 0)); diff != "" {
				t.Errorf("cancelled for the %d. time (-want +got):\n%s", i, diff)
			}
		}
	})
}

// A task that its producer did not record is not called for a batch that is cancelled.
func TestUnrecordedTaskOfACancelledBatchIsWithdrawn(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s := newStore(client)
		if _, err := askRows(t.Context(), s, "a", 1, "imp_1"); err != nil {
			t.Fatal(err)
		}
		markCancelled(t, s, "a")
		caller := outcome.NewCaller()
		for range 2 { // the second call repeats the first, whose reply was lost
			r := tasks.Revocation{ImpUID: "imp_2", Batch: "a", Row: 2}
			attempt, err := s.BeginAs(t.Context(), r, lease, caller, outcome.Witness{})
			if err != nil || !attempt.Withdrawn {
				t.Errorf("got %+v, %v; want that it is withdrawn", attempt, err)
			}
		}
	})
}

// What was withdrawn before its first attempt is to be ended at once, and is not revived.
func TestWithdrawnRequestIsOver(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
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
			t.Errorf("revived: %v; want that it is withdrawn", err)
		}
		if found, err := s.Cancel(ctx, nil, false); err != nil || len(found) != 0 {
			t.Errorf("of none: %v, %v", found, err)
		}
	})
}

// A dead letter whose request was cancelled is not revived, whatever it died of and whenever
// that was, until somebody requests it anew.
func TestCancelledLetterIsNotRevived(t *testing.T) {
	t.Parallel()
	cancelAlone := func(t *testing.T, s *outcome.Store) {
		if _, err := s.Cancel(t.Context(), []string{"imp_1"}, false); err != nil {
			t.Fatal(err)
		}
	}
	cancelList := func(t *testing.T, s *outcome.Store) { cancelBatch(t, s, "a") }
	nothing := func(*testing.T, *outcome.Store) {}
	for name, test := range map[string]struct {
		running, ended func(*testing.T, *outcome.Store) // what happens while the attempt runs, and once it has ended
		as             outcome.Outcome
		stays          bool
	}{
		"the list while it runs":               {cancelList, nothing, dead, true},
		"the list once it is dead":             {nothing, cancelList, dead, true},
		"the imp_uid while it runs":            {cancelAlone, nothing, dead, true},
		"the imp_uid once it is dead":          {nothing, cancelAlone, dead, true},
		"one that nobody can confirm":          {cancelList, nothing, unconfirmed, true},
		"the list, and a single request holds": {askAlone, cancelList, dead, false},
		"the list, and another list holds":     {askInOther, cancelList, dead, false},
		"both lists":                           {askInOther, func(t *testing.T, s *outcome.Store) { cancelList(t, s); cancelBatch(t, s, "b") }, dead, true},
		"nothing":                              {nothing, nothing, dead, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				s, ctx := newStore(client), t.Context()
				if _, err := askRows(ctx, s, "a", 1, "imp_1"); err != nil {
					t.Fatal(err)
				}
				attempt, err := s.Begin(ctx, tasks.Revocation{ImpUID: "imp_1"}, lease)
				if err != nil {
					t.Fatal(err)
				}
				test.running(t, s)
				finish(t, s, attempt, test.as)
				test.ended(t, s)
				if o, err := s.Get(ctx, "imp_1"); err != nil || o.Withdrawn != test.stays {
					t.Errorf("got %+v, %v; want withdrawn: %t", o, err, test.stays)
				}
				if _, err := s.Revive(ctx, "imp_1"); errors.Is(err, outcome.ErrWithdrawn) != test.stays {
					t.Fatalf("got %v; want that it stays dead: %t", err, test.stays)
				}
				if !test.stays {
					return
				}
				asked, err := s.Ask(ctx, tasks.Revocation{ImpUID: "imp_1"})
				if err != nil || asked.Kind != outcome.KindQueued {
					t.Errorf("requested anew: got %+v, %v; want it queued", asked, err)
				}
				if attempt, err := s.Begin(ctx, tasks.Revocation{ImpUID: "imp_1"}, lease); err != nil || attempt.Withdrawn {
					t.Errorf("requested anew: got %+v, %v; want that it is called", attempt, err)
				}
			})
		})
	}
}

// The mark of a cancelled batch lives longer than the dead letters that it keeps from being
// revived, although a batch is not renewed each time that one of its receipts ends.
func TestNoLetterOutlivesTheMarkOfItsBatch(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s := newStore(client)
		if _, err := askRows(t.Context(), s, "a", 1, "imp_1", "imp_2"); err != nil {
			t.Fatal(err)
		}
		end(t, s, "imp_1", dead)
		markCancelled(t, s, "a")
		end(t, s, "imp_2", dead)
		letter, batch := client.PTTL(t.Context(), "{receipt}:outcome:imp_2").Val(), client.PTTL(t.Context(), "{receipt}:batch:a").Val()
		if batch < letter+5*time.Second {
			t.Errorf("the batch lives for %v, a letter of it for %v", batch, letter)
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

// An attempt that only moved its task made no call, and its receipt is withdrawn as one of which none has begun.
func TestMovedReceiptWasNotCalled(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		found outcome.Outcome
		want  outcome.Withdrawal
	}{
		"moved":    {outcome.Outcome{Status: outcome.Retrying}, outcome.Withdrawn},
		"answered": {outcome.Outcome{Status: outcome.Retrying, HTTPStatus: 401}, outcome.Called},
		"unseen":   {outcome.Outcome{Status: outcome.Retrying, Reason: outcome.ReasonUnreachable}, outcome.Called},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				s := newStore(client)
				if _, err := s.Ask(t.Context(), asked); err != nil {
					t.Fatal(err)
				}
				attempt := begin(t, s, lease)
				attempt.Uncounted = true
				test.found.NextAttemptAt = time.Now().Add(time.Hour)
				finish(t, s, attempt, test.found)
				got, err := s.Cancel(t.Context(), []string{asked.ImpUID}, false)
				if err != nil || !cmp.Equal(got, []outcome.Withdrawal{test.want}) {
					t.Errorf("got %v, %v; want %v", got, err, test.want)
				}
			})
		})
	}
}
