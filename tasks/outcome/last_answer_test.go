package outcome_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks/outcome"
)

// The last answer and its reason stay until another has come, or the receipt is revoked.
func TestLastAnswerStays(t *testing.T) {
	t.Parallel()
	failed := outcome.Outcome{
		Status: outcome.Retrying, Reason: outcome.ReasonPGFailure, HTTPStatus: 500, Code: code(-1), Message: "취소 실패",
	}
	for name, test := range map[string]struct {
		then outcome.Outcome
		want outcome.Outcome // its reason and answer
	}{
		"put back":       {outcome.Outcome{Status: outcome.Retrying}, failed},
		"looked up":      {outcome.Outcome{Status: outcome.Retrying, LookedUpUntil: noon}, failed},
		"another answer": {outcome.Outcome{Status: outcome.Retrying, HTTPStatus: 400}, outcome.Outcome{Reason: failed.Reason, HTTPStatus: 400}},
		"no answer": {
			outcome.Outcome{Status: outcome.Retrying, Reason: outcome.ReasonUnreachable, Message: "timeout"},
			outcome.Outcome{Reason: outcome.ReasonUnreachable, Message: "timeout"},
		},
		"given up": {
			outcome.Outcome{Status: outcome.Dead, Reason: outcome.ReasonAttemptsExhausted},
			outcome.Outcome{Reason: outcome.ReasonAttemptsExhausted, HTTPStatus: 500, Code: code(-1), Message: "취소 실패"},
		},
		"revoked": {
			outcome.Outcome{Status: outcome.Revoked, Reason: outcome.ReasonStatedRevoked},
			outcome.Outcome{Reason: outcome.ReasonStatedRevoked},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				s := newStore(client)
				finish(t, s, begin(t, s, lease), failed)
				finish(t, s, begin(t, s, lease), test.then)
				want, got := get(t, s), get(t, s)
				want.Status, want.Reason, want.LookedUpUntil = test.then.Status, test.want.Reason, test.then.LookedUpUntil
				want.HTTPStatus, want.Code, want.Message = test.want.HTTPStatus, test.want.Code, test.want.Message
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				if test.then.Status.Terminal() {
					return
				}
				finish(t, s, begin(t, s, lease), outcome.Outcome{Status: outcome.Revoked, Reason: outcome.ReasonAlreadyRevoked})
				if got := get(t, s); got.Message != "" || got.LookedUpUntil != (time.Time{}) {
					t.Errorf("got %+v, want nothing left of what it waited for", got)
				}
			})
		})
	}
}

// A worker that died in an attempt may have left a DELETE behind that works unseen; one that
// was to make none has not, and of one that lives nothing is said.
func TestAttemptWhoseLeaseIsOverMayHaveWorkedUnseen(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		lease     time.Duration
		withdrawn bool
		want      bool
	}{
		"dead":                {time.Millisecond, false, true},
		"alive":               {time.Hour, false, false},
		"dead, and cancelled": {time.Millisecond, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				s := newStore(client)
				if test.withdrawn {
					single := asked
					single.Batch, single.Row = "", 0
					if _, err := s.Ask(t.Context(), single); err != nil {
						t.Fatal(err)
					}
					if _, err := s.Cancel(t.Context(), []string{asked.ImpUID}, false); err != nil {
						t.Fatal(err)
					}
				}
				begin(t, s, test.lease)
				time.Sleep(5 * time.Millisecond) // its lease is over, or goes on
				o := get(t, s)
				if got := !o.LookedUpUntil.IsZero(); got != test.want || got && o.LookedUpUntil.After(time.Now()) {
					t.Errorf("looked up until %v, want one that has passed: %t", o.LookedUpUntil, test.want)
				}
			})
		})
	}
}
