package outcome_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/redistest"
)

// told says what a step of a request's life came to, in words.
func told(ctx context.Context, s *outcome.Store, do string, r tasks.Revocation, attempt *outcome.Attempt) string {
	switch do {
	case "ask":
		asked, err := s.Ask(ctx, r)
		if err != nil {
			return err.Error()
		}
		text := string(asked.Kind) + " " + string(asked.Status)
		if asked.ApplyNum != "" {
			text += " " + asked.ApplyNum
		}
		if asked.Enqueue {
			text += " +"
		}
		if asked.Other {
			text = "other " + text
		}
		return text
	case "begin":
		begun, err := s.Begin(ctx, r, time.Minute)
		if err != nil {
			return err.Error()
		}
		*attempt = *begun
		text := "begun " + begun.Revocation.ApplyNum
		if begun.Withdrawn {
			text += "withdrawn"
		}
		return text
	case "revoked", "dead", "retrying", "withdrawn":
		o := outcome.Outcome{Status: outcome.Status(do), Reason: "why"}
		if do == "withdrawn" {
			do, o.Status, o.Reason = "dead", outcome.Dead, outcome.ReasonWithdrawn
		}
		o.ApplyNum = map[string]string{"revoked": "N1"}[do]
		if do == "retrying" {
			o.NextAttemptAt = attempt.Now().Add(time.Minute)
		}
		written, err := s.Finish(ctx, attempt, o)
		if err != nil || !written {
			return "not written"
		}
		return do
	case "cancel":
		found, err := s.Cancel(ctx, []string{r.ImpUID}, false)
		if err != nil {
			return err.Error()
		}
		return string(found[0])
	case "revive":
		_, err := s.Revive(ctx, r.ImpUID)
		if err != nil {
			return err.Error()
		}
		return "revived"
	}
	o, err := s.Get(ctx, r.ImpUID)
	if errors.Is(err, outcome.ErrNotFound) {
		return "nothing"
	}
	return string(o.Status) + "/" + string(o.Reason)
}

// A request is recorded before anybody begins with it, and is about a receipt rather
// than about an imp_uid.
func TestLifeOfARequest(t *testing.T) {
	t.Parallel()
	plain := tasks.Revocation{ImpUID: "imp_1", PG: tasks.KCP}
	named, again := plain, plain
	named.ApplyNum, again.Again = "N2", true
	type step struct {
		do   string
		r    tasks.Revocation
		want string
	}
	for name, steps := range map[string][]step{
		"it is queued until it is begun": {
			{"get", plain, "nothing"},
			{"ask", plain, "q queued +"},
			{"get", plain, "queued/"},
			{"ask", plain, "e queued +"},
			{"begin", plain, "begun "},
			{"get", plain, "retrying/"},
			{"ask", plain, "e retrying"},
			{"revoked", plain, "revoked"},
			{"get", plain, "revoked/why"},
			{"ask", plain, "e revoked N1"},
		},
		"one that was not recorded is with its first attempt": {
			{"begin", named, "begun N2"}, {"ask", named, "e retrying"}, {"dead", plain, "dead"}, {"ask", named, "e dead"},
		},
		"again is new after an end, and not before": {
			{"ask", plain, "q queued +"},
			{"ask", again, "e queued +"},
			{"begin", plain, "begun "},
			{"ask", again, "e retrying"},
			{"revoked", plain, "revoked"},
			{"ask", again, "q queued +"},
			{"get", plain, "queued/"},
			{"ask", plain, "e queued +"},
			{"begin", plain, "begun "},
			{"revoked", plain, "revoked"},
			{"get", plain, "revoked/why"},
		},
		"another number is new after it was revoked, and refused before": {
			{"ask", plain, "q queued +"},
			{"ask", named, "other i queued"},
			{"begin", plain, "begun "},
			{"ask", named, "other i retrying"},
			{"revoked", plain, "revoked"},
			{"ask", named, "q queued +"},
			{"begin", plain, "begun N2"},
			{"dead", plain, "dead"},
			{"ask", named, "e dead"},
			{"ask", plain, "e dead"},
		},
		"what is withdrawn is over, and may be asked for anew": {
			{"cancel", plain, "unknown"},
			{"ask", plain, "q queued +"},
			{"cancel", plain, "withdrawn"},
			{"begin", plain, "begun withdrawn"},
			{"withdrawn", plain, "dead"},
			{"get", plain, "dead/withdrawn"},
			{"cancel", plain, "dead"},
			{"ask", plain, "q queued +"},
			{"get", plain, "queued/"},
			{"begin", plain, "begun "},
		},
		"what was called is withdrawn by a lookup": {
			{"ask", plain, "q queued +"},
			{"begin", plain, "begun "},
			{"cancel", plain, "running"},
			{"retrying", plain, "retrying"},
			{"cancel", plain, "called"},
			{"begin", plain, "begun withdrawn"},
			{"revoked", plain, "revoked"},
		},
		"asking undoes a withdrawal": {
			{"ask", plain, "q queued +"},
			{"cancel", plain, "withdrawn"},
			{"ask", plain, "e queued +"},
			{"begin", plain, "begun "},
		},
		"asking undoes a withdrawal between two attempts": {
			{"ask", plain, "q queued +"},
			{"begin", plain, "begun "},
			{"retrying", plain, "retrying"},
			{"cancel", plain, "called"},
			{"ask", plain, "e retrying"},
			{"begin", plain, "begun "},
		},
		"a dead letter lives again": {
			{"ask", plain, "q queued +"},
			{"begin", plain, "begun "},
			{"dead", plain, "dead"},
			{"revive", plain, "revived"},
			{"get", plain, "retrying/why"},
			{"begin", plain, "begun "},
			{"dead", plain, "dead"},
			{"ask", again, "q queued +"},
			{"revive", plain, "imp_1 is not a dead letter: it is queued"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.Both(t, func(t *testing.T, client *redis.Client) {
				s := outcome.NewStore(client, outcome.Config{})
				var attempt outcome.Attempt
				for i, step := range steps {
					if got := foretold(t.Context(), s, step.do, step.r, &attempt); got != step.want {
						t.Fatalf("step %d: %s is %q, want %q", i+1, step.do, got, step.want)
					}
				}
			})
		})
	}
}

// TestWhatIsAskedForWhileItIsWithdrawnGoesOn asks for a request between the moment an
// attempt finds it withdrawn and the one it says so.
func TestWhatIsAskedForWhileItIsWithdrawnGoesOn(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, client *redis.Client) {
		s, ctx := outcome.NewStore(client, outcome.Config{}), t.Context()
		r := tasks.Revocation{ImpUID: "imp_1", PG: tasks.KCP}
		if _, err := s.Ask(ctx, r); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Cancel(ctx, []string{r.ImpUID}, false); err != nil {
			t.Fatal(err)
		}
		a, err := s.Begin(ctx, r, time.Minute)
		if err != nil || !a.Withdrawn {
			t.Fatalf("begun: %+v, %v, want it withdrawn", a, err)
		}
		if _, err := s.Ask(ctx, r); err != nil {
			t.Fatal(err)
		}
		a.Uncounted = true
		written, err := s.Finish(ctx, a, outcome.Outcome{Status: outcome.Dead, Reason: outcome.ReasonWithdrawn})
		if err != nil || written {
			t.Errorf("finish: %v, %v, want nothing written", written, err)
		}
		o, err := s.Get(ctx, r.ImpUID)
		if err != nil || o.Status != outcome.Retrying || o.Attempts != 0 {
			t.Errorf("%+v, %v, want it to go on without an attempt behind it", o, err)
		}
		if open, _, err := s.Overdue(ctx, -time.Second, 10); err != nil || len(open) != 1 || open[0].Withdrawn {
			t.Errorf("overdue: %+v, %v, want it, not withdrawn", open, err)
		}
		if a, err = s.Begin(ctx, r, time.Minute); err != nil || a.Withdrawn || a.Number != 1 || a.Uncertain() {
			t.Errorf("begun again: %+v, %v, want the first attempt", a, err)
		}
	})
}

// TestProcessThatDiesWhileItWithdrawsLeavesNoDoubt lets the lease end of an attempt that
// made no DELETE.
func TestProcessThatDiesWhileItWithdrawsLeavesNoDoubt(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, client *redis.Client) {
		s, ctx := outcome.NewStore(client, outcome.Config{}), t.Context()
		r := tasks.Revocation{ImpUID: "imp_1", PG: tasks.KCP}
		over := func() { client.HSet(ctx, "{receipt}:outcome:imp_1", "leased_until", 1) } // the lease is
		if _, err := s.Ask(ctx, r); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Cancel(ctx, []string{r.ImpUID}, false); err != nil {
			t.Fatal(err)
		}
		if a, err := s.Begin(ctx, r, time.Minute); err != nil || !a.Withdrawn {
			t.Fatalf("begun: %+v, %v, want it withdrawn", a, err)
		}
		over()
		a, err := s.Begin(ctx, r, time.Minute)
		if err != nil || !a.Withdrawn || a.Number != 1 || a.Uncertain() {
			t.Errorf("begun again: %+v, %v, want it withdrawn, and no doubt", a, err)
		}
		// Of one that may have made a DELETE there is doubt, withdrawn or not.
		if _, err := s.Ask(ctx, r); err != nil {
			t.Fatal(err)
		}
		over()
		if a, err = s.Begin(ctx, r, time.Minute); err != nil || a.Withdrawn || a.Number != 1 || a.Uncertain() {
			t.Errorf("begun for the first call: %+v, %v, want no doubt", a, err)
		}
		if _, err := s.Cancel(ctx, []string{r.ImpUID}, false); err != nil {
			t.Fatal(err)
		}
		over()
		if a, err = s.Begin(ctx, r, time.Minute); err != nil || !a.Withdrawn || a.Number != 2 || !a.Uncertain() {
			t.Errorf("begun after it: %+v, %v, want it withdrawn, and doubt", a, err)
		}
	})
}

// TestAttemptKnowsTheGatewayOfItsRequest begins an attempt by the task of a producer that
// did not know it.
func TestAttemptKnowsTheGatewayOfItsRequest(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, client *redis.Client) {
		s, ctx := outcome.NewStore(client, outcome.Config{}), t.Context()
		if _, err := s.Ask(ctx, tasks.Revocation{ImpUID: "imp_1", PG: tasks.KCP}); err != nil {
			t.Fatal(err)
		}
		a, err := s.Begin(ctx, tasks.Revocation{ImpUID: "imp_1"}, time.Minute)
		if err != nil || a.Revocation.PG != tasks.KCP {
			t.Errorf("begun: %+v, %v, want the gateway %s", a, err, tasks.KCP)
		}
	})
}
