package outcome_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
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
	case "revoked", "revoked as 07", "dead", "retrying", "withdrawn":
		number := map[string]string{"revoked": "N1", "revoked as 07": "07"}[do]
		do, _, _ = strings.Cut(do, " ")
		o := outcome.Outcome{Status: outcome.Status(do), Reason: "why"}
		if do == "withdrawn" {
			do, o.Status, o.Reason = "dead", outcome.Dead, outcome.ReasonWithdrawn
		}
		o.ApplyNum = number
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
	zeros, bare := plain, plain
	zeros.ApplyNum, bare.ApplyNum = "007", "7"
	inTier, otherTier := plain, plain
	inTier.Tier, otherTier.Tier = "AAA", "BBB"
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
		"zeros before a number, which Excel drops, make no other receipt": {
			{"ask", zeros, "q queued +"},
			{"ask", bare, "e queued +"},
			{"begin", bare, "begun 007"},
			{"revoked as 07", bare, "revoked"},
			{"ask", bare, "e revoked 07"},
			{"ask", zeros, "e revoked 07"},
			{"ask", named, "q queued +"},
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
		"what is withdrawn and not called yet is asked for anew as another": {
			{"ask", named, "q queued +"},
			{"cancel", plain, "withdrawn"},
			{"ask", plain, "q queued +"},
			{"ask", named, "other i queued"},
			{"begin", named, "begun "},
		},
		"what is withdrawn between two attempts is asked for anew": {
			{"ask", plain, "q queued +"},
			{"begin", plain, "begun "},
			{"retrying", plain, "retrying"},
			{"cancel", plain, "called"},
			{"ask", named, "q queued +"},
			{"get", plain, "queued/"},
			{"begin", plain, "begun N2"},
			{"get", plain, "retrying/"},
		},
		"while it is called, the same undoes a withdrawal, and another is refused": {
			{"ask", named, "q queued +"},
			{"begin", plain, "begun N2"},
			{"cancel", plain, "running"},
			{"ask", plain, "other i retrying N2"},
			{"ask", inTier, "other i retrying N2"},
			{"ask", again, "other i retrying N2"},
			{"ask", named, "e retrying"},
			{"ask", plain, "e retrying"},
			{"retrying", plain, "retrying"},
			{"begin", plain, "begun N2"},
		},
		"another tier is refused while it is open": {
			{"ask", inTier, "q queued +"},
			{"ask", plain, "e queued +"},
			{"ask", otherTier, "other i queued"},
			{"begin", plain, "begun "},
			{"ask", otherTier, "other i retrying"},
			{"revoked", plain, "revoked"},
			{"ask", otherTier, "e revoked N1"},
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
			redistest.One(t, func(t *testing.T, client *redis.Client) {
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

// Who asks need not know the gateway. An attempt on a task that names it tells the later ones.
func TestGatewayOfAnEarlierTaskIsRemembered(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s := newStore(client)
		for _, pg := range []tasks.Gateway{"", tasks.Welcome, ""} {
			a, err := s.Begin(t.Context(), tasks.Revocation{ImpUID: asked.ImpUID, PG: pg}, lease)
			if err != nil {
				t.Fatal(err)
			}
			if a.Number > 1 && a.Revocation.PG != tasks.Welcome {
				t.Errorf("attempt %d is for gateway %q, want %q", a.Number, a.Revocation.PG, tasks.Welcome)
			}
			finish(t, s, a, outcome.Outcome{Status: outcome.Retrying, Reason: outcome.ReasonUnreachable})
		}
	})
}
