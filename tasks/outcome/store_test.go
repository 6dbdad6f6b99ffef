package outcome_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

const lease = 30 * time.Second

var (
	asked = tasks.Revocation{ImpUID: "imp_448280090638", PG: tasks.KCP, Batch: "refunds-2026-11", Row: 17}
	noon  = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
)

func newStore(client redis.UniversalClient) *outcome.Store {
	return outcome.NewStore(client, outcome.Config{})
}

func begin(t *testing.T, s *outcome.Store, lease time.Duration) *outcome.Attempt {
	t.Helper()
	attempt, err := s.Begin(t.Context(), asked, lease)
	if err != nil {
		t.Fatalf("Begin: %v", err)
	}
	return attempt
}

func finish(t *testing.T, s *outcome.Store, a *outcome.Attempt, o outcome.Outcome) bool {
	t.Helper()
	written, err := s.Finish(t.Context(), a, o)
	if err != nil {
		t.Fatalf("Finish: %v", err)
	}
	return written
}

func get(t *testing.T, s *outcome.Store) outcome.Outcome {
	t.Helper()
	o, err := s.Get(t.Context(), asked.ImpUID)
	if err != nil {
		t.Fatalf("Get: %v", err)
	}
	return o
}

func events(t *testing.T, s *outcome.Store) []outcome.Status {
	t.Helper()
	var all []outcome.Status
	for event, err := range s.Events(t.Context(), "0") {
		if err != nil {
			t.Fatalf("Events: %v", err)
		}
		all = append(all, event.Outcome.Status)
	}
	return all
}

func code(n int) *int { return &n }

var (
	revoked = outcome.Outcome{
		Status: outcome.Revoked, Reason: outcome.ReasonRevoked, HTTPStatus: 200, Code: code(0),
		Receipt: outcome.Receipt{
			ReceiptTID: "tid-1", ApplyNum: "G-1", Type: "person", Amount: 11000, VAT: 1000,
			ReceiptURL: "https://example.test/r", AppliedAt: noon.Add(-time.Hour), CancelledAt: noon,
		},
	}
	retrying = outcome.Outcome{
		Status: outcome.Retrying, Reason: outcome.ReasonPGFailure, HTTPStatus: 500, Code: code(-1),
		Message: "PG사 점검", NextAttemptAt: noon.Add(5 * time.Second),
	}
	dead = outcome.Outcome{Status: outcome.Dead, Reason: outcome.ReasonNotIssued, HTTPStatus: 400, Code: code(-1)}
)

func TestRevokedOutcomeKeepsEveryField(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s := newStore(client)
		if !finish(t, s, begin(t, s, lease), revoked) {
			t.Error("nothing was written")
		}
		want := revoked
		want.ImpUID, want.PG, want.Batch = asked.ImpUID, asked.PG, asked.Batch
		got := get(t, s)
		want.Attempts, want.FirstAttemptAt, want.UpdatedAt = 1, got.FirstAttemptAt, got.UpdatedAt
		want.Batches = []string{asked.Batch}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("outcome (-want +got):\n%s", diff)
		}
		keys, err := client.HKeys(t.Context(), "{receipt}:outcome:"+asked.ImpUID).Result()
		if err != nil || len(keys) != len(outcome.Fields())-6+1 { // no message, next attempt, lookup, statement or cancellation; and the request
			t.Errorf("hash has the fields %q, %v; want those of the outcome and the request", keys, err)
		}
		if diff := cmp.Diff([]outcome.Status{outcome.Revoked}, events(t, s)); diff != "" {
			t.Errorf("stream (-want +got):\n%s", diff)
		}
		if ttl := client.PTTL(t.Context(), "{receipt}:outcome:"+asked.ImpUID).Val(); ttl <= 89*24*time.Hour {
			t.Errorf("outcome lives %v, want 90 days", ttl)
		}
	})
}

func TestRetryingOutcomeLeavesNoTraceOnceRevoked(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s := newStore(client)
		finish(t, s, begin(t, s, lease), retrying)
		if got := get(t, s); got.NextAttemptAt != retrying.NextAttemptAt || got.Message != retrying.Message {
			t.Errorf("got %+v, want the next attempt and the message", got)
		}
		if n := len(events(t, s)); n != 0 {
			t.Errorf("stream has %d entries, want none before the end", n)
		}
		finish(t, s, begin(t, s, lease), revoked)
		got := get(t, s)
		if got.Attempts != 2 || got.Message != "" || !got.NextAttemptAt.IsZero() {
			t.Errorf("got %+v, want two attempts and nothing of the failure", got)
		}
	})
}

// A receipt whose attempts are used up says why the last of them failed.
func TestDeadOutcomeWithoutAnAnswerKeepsTheLast(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s := newStore(client)
		cut := outcome.Outcome{
			Status: outcome.Retrying, Reason: outcome.ReasonUnreachable, Message: "connection reset by peer",
			NextAttemptAt: noon,
		}
		exhausted := outcome.Outcome{Status: outcome.Dead, Reason: outcome.ReasonAttemptsExhausted}
		for _, last := range []outcome.Outcome{cut, retrying} {
			finish(t, s, begin(t, s, lease), last)
			finish(t, s, begin(t, s, lease), exhausted)
			got := get(t, s)
			if got.Message != last.Message || got.HTTPStatus != last.HTTPStatus || !cmp.Equal(got.Code, last.Code) {
				t.Errorf("got %+v, want the answer of %+v", got, last)
			}
			if _, err := s.Revive(t.Context(), asked.ImpUID); err != nil {
				t.Fatal(err)
			}
		}
		finish(t, s, begin(t, s, lease), dead)
		if got := get(t, s); got.Message != "" || got.HTTPStatus != 400 {
			t.Errorf("got %+v, want its own answer alone", got)
		}
	})
}

func TestDeadOutcomeIsADeadLetterUntilRevoked(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s := newStore(client)
		slow := begin(t, s, time.Millisecond)
		time.Sleep(5 * time.Millisecond) // its lease runs out
		finish(t, s, begin(t, s, lease), dead)
		if n, err := s.DeadLetters(t.Context()); n != 1 || err != nil {
			t.Fatalf("%d dead letters, %v; want 1", n, err)
		}
		if !finish(t, s, slow, revoked) {
			t.Error("a late success was not written over a dead letter")
		}
		if n, err := s.DeadLetters(t.Context()); n != 0 || err != nil {
			t.Errorf("%d dead letters, %v; want none", n, err)
		}
		want := []outcome.Status{outcome.Dead, outcome.Revoked}
		if diff := cmp.Diff(want, events(t, s)); diff != "" {
			t.Errorf("stream (-want +got):\n%s", diff)
		}
	})
}

func TestBeginRefuses(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s := newStore(client)
		attempt := begin(t, s, lease)
		var busy *outcome.BusyError
		if _, err := s.Begin(t.Context(), asked, lease); !errors.As(err, &busy) || busy.Wait <= 0 || busy.Wait > lease {
			t.Errorf("second attempt: %v, want a BusyError within the lease", err)
		}
		finish(t, s, attempt, dead)
		var terminal *outcome.TerminalError
		if _, err := s.Begin(t.Context(), asked, lease); !errors.As(err, &terminal) || terminal.Status != outcome.Dead {
			t.Errorf("attempt after the end: %v, want a TerminalError", err)
		}
	})
}

// Whoever brings a task forward, PortOne's word on when to come back holds.
func TestBeginIsPutOff(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		wait   time.Duration
		before func(t *testing.T, s *outcome.Store)
		putOff bool
	}{
		"until then":           {time.Minute, nil, true},
		"not when it is over":  {-time.Second, nil, false},
		"not for over an hour": {2 * time.Hour, nil, false}, // someone wrote that into Redis
		"not if it is cancelled": {time.Minute, func(t *testing.T, s *outcome.Store) {
			if _, err := s.Cancel(t.Context(), []string{asked.ImpUID}, false); err != nil {
				t.Fatal(err)
			}
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				s := newStore(client)
				if _, err := s.Ask(t.Context(), asked); err != nil {
					t.Fatal(err)
				}
				attempt := begin(t, s, lease)
				attempt.NotBefore = attempt.Now().Add(test.wait)
				finish(t, s, attempt, retrying)
				if test.before != nil {
					test.before(t, s)
				}
				_, err := s.Begin(t.Context(), asked, lease)
				busy, refused := errors.AsType[*outcome.BusyError](err)
				if refused != test.putOff || !refused && err != nil {
					t.Fatalf("got %v, want that it is put off: %t", err, test.putOff)
				}
				if refused && (!busy.PutOff || busy.Wait <= test.wait-5*time.Second || busy.Wait > test.wait) {
					t.Errorf("got %+v, want it put off by %v", busy, test.wait)
				}
			})
		})
	}
}

// A call that is repeated because its reply was lost may come when the lease of
// the first time is over.
func TestRepeatedBeginHoldsAWholeLease(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s := newStore(client)
		w := &world{client: client, store: s}
		first, err := s.BeginAs(t.Context(), asked, lease, "caller", outcome.Witness{})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.endLease(t.Context(), asked.ImpUID); err != nil {
			t.Fatal(err)
		}
		again, err := s.BeginAs(t.Context(), asked, lease, "caller", outcome.Witness{})
		clocks := cmp.FilterPath(func(p cmp.Path) bool {
			return p.Last().String() == ".redis" || p.Last().String() == ".local"
		}, cmp.Ignore())
		if diff := cmp.Diff(first, again, cmp.AllowUnexported(outcome.Attempt{}), clocks); diff != "" || err != nil {
			t.Errorf("begun again: %v (-first +again):\n%s", err, diff)
		}
		var busy *outcome.BusyError
		if _, err := s.Begin(t.Context(), asked, lease); !errors.As(err, &busy) || busy.Wait < lease/2 {
			t.Errorf("another attempt: got %v, want a BusyError for a lease", err)
		}
		if open, _, err := s.Overdue(t.Context(), 0, 10); err != nil || len(open) != 0 {
			t.Errorf("%+v are overdue, %v; want none while the lease holds", open, err)
		}
	})
}

func TestExtendedLeaseKeepsOthersOut(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s := newStore(client)
		attempt := begin(t, s, time.Millisecond)
		if running, err := s.Extend(t.Context(), attempt, lease); err != nil || !running {
			t.Fatalf("got %t, %v of a running attempt", running, err)
		}
		time.Sleep(5 * time.Millisecond) // the first lease would be over
		var busy *outcome.BusyError
		if _, err := s.Begin(t.Context(), asked, lease); !errors.As(err, &busy) {
			t.Errorf("got %v, want a BusyError", err)
		}
		finish(t, s, attempt, retrying)
		if running, err := s.Extend(t.Context(), attempt, lease); err != nil || running {
			t.Fatalf("got %t, %v of a finished attempt", running, err)
		}
		begin(t, s, lease) // a finished attempt extends nothing
	})
}

func TestFinishDecidesWhoKnowsBetter(t *testing.T) {
	t.Parallel()
	type say struct {
		older bool // the older of two attempts says so, else the newer
		what  outcome.Outcome
	}
	tests := map[string]struct {
		said []say
		want outcome.Status
		sent int // stream entries
	}{
		"repeated success":                    {[]say{{false, revoked}, {false, revoked}}, outcome.Revoked, 1},
		"repeated dead letter":                {[]say{{false, dead}, {false, dead}}, outcome.Dead, 1},
		"older success after dead letter":     {[]say{{false, dead}, {true, revoked}}, outcome.Revoked, 2},
		"older success after failure":         {[]say{{false, retrying}, {true, revoked}}, outcome.Revoked, 1},
		"older success before failure":        {[]say{{true, revoked}, {false, retrying}}, outcome.Revoked, 1},
		"older success before dead letter":    {[]say{{true, revoked}, {false, dead}}, outcome.Revoked, 1},
		"older dead letter before success":    {[]say{{true, dead}, {false, revoked}}, outcome.Revoked, 1},
		"older dead letter after success":     {[]say{{false, revoked}, {true, dead}}, outcome.Revoked, 1},
		"older dead letter after failure":     {[]say{{false, retrying}, {true, dead}}, outcome.Retrying, 0},
		"older failure after dead letter":     {[]say{{false, dead}, {true, retrying}}, outcome.Dead, 1},
		"older failure while the newer works": {[]say{{true, retrying}}, outcome.Retrying, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				s := newStore(client)
				older := begin(t, s, time.Millisecond)
				time.Sleep(5 * time.Millisecond) // its lease runs out
				newer := begin(t, s, lease)
				for _, say := range test.said {
					attempt := newer
					if say.older {
						attempt = older
					}
					finish(t, s, attempt, say.what)
				}
				if got := get(t, s); got.Status != test.want || got.Attempts != 2 {
					t.Errorf("got %s after %d attempts, want %s after 2", got.Status, got.Attempts, test.want)
				}
				if got := len(events(t, s)); got != test.sent {
					t.Errorf("%d stream entries, want %d", got, test.sent)
				}
			})
		})
	}
}

func TestAttemptFromBeforeARevivalIsNotHeard(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s := newStore(client)
		old := begin(t, s, time.Millisecond)
		time.Sleep(5 * time.Millisecond) // its lease runs out
		finish(t, s, begin(t, s, lease), dead)
		if _, err := s.Revive(t.Context(), asked.ImpUID); err != nil {
			t.Fatal(err)
		}
		if finish(t, s, old, dead) {
			t.Error("an attempt from before was heard")
		}
		if got := begin(t, s, lease).Number; got != 1 {
			t.Errorf("first attempt after the revival is number %d", got)
		}
	})
}

func TestUncountedAttemptIsGivenBackOnce(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s := newStore(client)
		finish(t, s, begin(t, s, lease), retrying)
		attempt := begin(t, s, lease)
		attempt.Uncounted = true
		finish(t, s, attempt, retrying)
		if finish(t, s, attempt, retrying) {
			t.Error("the repetition was written")
		}
		if got := get(t, s).Attempts; got != 1 {
			t.Errorf("%d attempts, want 1", got)
		}
		if got := begin(t, s, lease).Number; got != 2 {
			t.Errorf("next attempt is number %d, want 2", got)
		}
	})
}

func TestFinishSurvivesALostRedis(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s := newStore(client)
		finish(t, s, begin(t, s, lease), retrying)
		attempt := begin(t, s, lease)
		client.FlushAll(t.Context())
		finish(t, s, attempt, dead)
		if got := get(t, s); got.Status != outcome.Dead || got.Attempts != 2 || got.FirstAttemptAt != attempt.Since() {
			t.Errorf("got %+v, want what the attempt remembers", got)
		}
	})
}

func TestLongMessageIsCutBetweenCharacters(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s := newStore(client)
		o := dead
		o.Message = strings.Repeat("가", 400) + "\xff"
		finish(t, s, begin(t, s, lease), o)
		if got := get(t, s).Message; got != strings.Repeat("가", 166) {
			t.Errorf("message is %d bytes: %q", len(got), got)
		}
	})
}

func TestManyAnswersInOrder(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s := newStore(client)
		finish(t, s, begin(t, s, lease), revoked)
		got, err := s.Many(t.Context(), []string{"imp_1", asked.ImpUID})
		if err != nil || len(got) != 2 {
			t.Fatalf("Many: %d outcomes, %v", len(got), err)
		}
		if got[0].ImpUID != "imp_1" || got[0].Status != "" || got[1].Status != outcome.Revoked {
			t.Errorf("got %+v, want nothing, then the revoked one", got)
		}
		if _, err := s.Get(t.Context(), "imp_1"); !errors.Is(err, outcome.ErrNotFound) {
			t.Errorf("Get: %v, want ErrNotFound", err)
		}
		if err := client.Set(t.Context(), "{receipt}:outcome:imp_3", "not a hash", 0).Err(); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Many(t.Context(), []string{"imp_3"}); err == nil {
			t.Errorf("got %+v where Redis reports an error, want that", got)
		}
	})
}
