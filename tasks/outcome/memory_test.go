package outcome_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks/outcome"
)

// What an attempt knows it hands on to the next one, as far as that still holds.
func TestMemoryIsHandedOn(t *testing.T) {
	t.Parallel()
	all := outcome.Memory{
		UncertainAt: noon.Add(-time.Minute), AskedSince: noon.Add(-time.Hour), Tries: 7, RefusedSince: noon,
		NotBefore: noon.Add(-time.Second), Seen: "N1",
	}
	for name, test := range map[string]struct {
		ends   outcome.Outcome
		memory outcome.Memory
		then   func(t *testing.T, s *outcome.Store)
		want   outcome.Memory
	}{
		"to the next attempt": {retrying, all, nil, all},
		"nothing":             {retrying, outcome.Memory{}, nil, outcome.Memory{}},
		"to one that is revived, but for how it was turned away": {
			dead, all, revive, outcome.Memory{UncertainAt: all.UncertainAt, Seen: "N1"},
		},
		"to another request, only that one may have worked": {
			dead, all, askAgain, outcome.Memory{UncertainAt: all.UncertainAt},
		},
		"to another request, past one that was cancelled": {
			dead, all, func(t *testing.T, s *outcome.Store) {
				askAgain(t, s)
				if found, err := s.Cancel(t.Context(), []string{asked.ImpUID}, false); err != nil || found[0] != outcome.Withdrawn {
					t.Fatalf("got %v, %v; want that it is withdrawn", found, err)
				}
				attempt := begin(t, s, lease)
				finish(t, s, attempt, outcome.Outcome{Status: outcome.Dead, Reason: outcome.ReasonWithdrawn})
				askAgain(t, s)
			}, outcome.Memory{UncertainAt: all.UncertainAt},
		},
		"to another request, nothing of what was revoked": {revoked, all, askAgain, outcome.Memory{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				s := newStore(client)
				attempt := begin(t, s, lease)
				attempt.Memory = test.memory
				finish(t, s, attempt, test.ends)
				if test.then != nil {
					test.then(t, s)
				}
				caller := outcome.NewCaller()
				for range 2 { // the second call repeats the first, whose reply was lost
					attempt, err := s.BeginAs(t.Context(), asked, lease, caller, outcome.Witness{})
					if diff := cmp.Diff(test.want, attempt.Memory); diff != "" || err != nil {
						t.Errorf("%v (-want +got):\n%s", err, diff)
					}
				}
			})
		})
	}
}

func revive(t *testing.T, s *outcome.Store) {
	t.Helper()
	if _, err := s.Revive(t.Context(), asked.ImpUID); err != nil {
		t.Fatal(err)
	}
}

func askAgain(t *testing.T, s *outcome.Store) {
	t.Helper()
	again := asked
	again.Again = true
	if got, err := s.Ask(t.Context(), again); err != nil || got.Kind != outcome.KindQueued {
		t.Fatalf("got %+v, %v; want a new request", got, err)
	}
}

// An attempt whose end nobody heard of may have worked until its lease was over.
func TestAttemptThatDiedMayHaveWorked(t *testing.T) {
	t.Parallel()
	s, _, set := clocked(t)
	begin(t, s, lease)
	set(noon.Add(time.Hour))
	if attempt := begin(t, s, lease); !attempt.UncertainAt.Equal(noon.Add(lease)) || !attempt.Uncertain() {
		t.Errorf("uncertain since %v, want since the lease's end", attempt.UncertainAt)
	}
}
