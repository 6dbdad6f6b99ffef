package outcome_test

import (
	"testing"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks/outcome"
)

// An attempt knows whether one before it failed, also where that did not count.
func TestAttemptKnowsWhetherOneFailedBefore(t *testing.T) {
	t.Parallel()
	retrying := func(reason outcome.Reason) []outcome.Outcome {
		return []outcome.Outcome{{Status: outcome.Retrying, Reason: reason}}
	}
	dead := func(reason outcome.Reason) []outcome.Outcome {
		return []outcome.Outcome{{Status: outcome.Dead, Reason: reason}}
	}
	for name, test := range map[string]struct {
		before    []outcome.Outcome // of the attempts that ended
		uncounted bool              // they do not count
		revive    bool              // the last one ended dead, and a person retries it
		want      bool
	}{
		"the first":           {want: false},
		"after a failure":     {before: retrying(outcome.ReasonPGFailure), want: true},
		"after an outage":     {before: retrying(outcome.ReasonUnreachable), uncounted: true, want: true},
		"after too many":      {before: retrying(outcome.ReasonRateLimited), uncounted: true, want: false},
		"behind a gate":       {before: retrying(outcome.ReasonGatewayPaused), uncounted: true, want: false},
		"after all attempts":  {before: dead(outcome.ReasonAttemptsExhausted), revive: true, want: true},
		"refused and retried": {before: dead(outcome.ReasonRefused), revive: true, want: false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				s := newStore(client)
				for _, o := range test.before {
					a := begin(t, s, lease)
					a.Uncounted = test.uncounted
					finish(t, s, a, o)
				}
				if test.revive {
					if _, err := s.Revive(t.Context(), asked.ImpUID); err != nil {
						t.Fatal(err)
					}
				}
				caller := outcome.NewCaller()
				for range 2 { // the second call repeats the first, whose reply was lost
					a, err := s.BeginAs(t.Context(), asked, lease, caller, outcome.Witness{})
					if err != nil || a.FailedBefore != test.want {
						t.Errorf("got %t, %v; want %t", a.FailedBefore, err, test.want)
					}
				}
			})
		})
	}
}
