package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

func TestPlural(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0 lines", 1: "1 line", 2: "2 lines"} {
		if got := plural(n, "line"); got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
}

func TestByFrequency(t *testing.T) {
	t.Parallel()
	got := byFrequency(map[string]int{"b": 1, "a": 1, "most": 3, "some": 2})
	if diff := cmp.Diff([]string{"most", "some", "a", "b"}, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

// What was given up shows what was answered last, also where that was no message.
func TestNoteSaysWhatTheLastAnswerWas(t *testing.T) {
	t.Parallel()
	code, past, until := new(int), time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	mayHaveWorked := "; a DELETE may have worked unseen, looked up until " + moment(until)
	for want, o := range map[string]outcome.Outcome{
		"취소 실패":                     {Status: outcome.Dead, HTTPStatus: 500, Code: code, Message: "취소 실패"},
		"HTTP 500":                  {Status: outcome.Dead, HTTPStatus: 500, Code: code},
		"HTTP 502: read the answer": {Status: outcome.Dead, HTTPStatus: 502, Message: "read the answer"},
		"context deadline exceeded": {Status: outcome.Dead, Message: "context deadline exceeded"},
		"":                          {Status: outcome.Revoked, HTTPStatus: 200, Code: code},
		"cancelled: no other DELETE follows, a lookup decides; last answer: 취소 실패": {
			Status: outcome.Retrying, Withdrawn: true, HTTPStatus: 500, Code: code, Message: "취소 실패",
		},
		"cancelled: no other DELETE follows, a lookup decides" + mayHaveWorked: {
			Status: outcome.Retrying, Withdrawn: true, LookedUpUntil: until,
		},
		"cancelled: no other DELETE follows, a lookup decides" + mayHaveWorked + "; last answer: 취소 실패": {
			Status: outcome.Retrying, Withdrawn: true, LookedUpUntil: until, Message: "취소 실패",
		},
		"cancelled: no other DELETE follows, it ends as withdrawn; last answer: 취소 실패": {
			Status: outcome.Retrying, PG: tasks.Settle, Withdrawn: true, HTTPStatus: 500, Code: code, Message: "취소 실패",
		},
		"due since " + moment(past) + mayHaveWorked + "; last answer: HTTP 400": {
			Status: outcome.Retrying, NextAttemptAt: past, LookedUpUntil: until, HTTPStatus: 400, Code: code,
		},
		"next at " + moment(until) + "; last answer: 취소 실패": {
			Status: outcome.Retrying, NextAttemptAt: until, HTTPStatus: 500, Code: code, Message: "취소 실패",
		},
		"next at " + moment(until) + "; a DELETE may have worked unseen, its next lookup tells": {
			Status: outcome.Retrying, NextAttemptAt: until, LookedUpUntil: past,
		},
		"next at " + moment(until) + "; a DELETE may have worked unseen, no lookup can tell": {
			Status: outcome.Retrying, PG: tasks.KICC, NextAttemptAt: until, LookedUpUntil: until,
		},
		"cancelled: no other DELETE follows; a DELETE may have worked unseen, no lookup can tell: open until " + moment(until): {
			Status: outcome.Retrying, PG: tasks.Settle, Withdrawn: true, LookedUpUntil: until,
		},
		"cancelled, never called": {Status: outcome.Dead, Reason: outcome.ReasonWithdrawn, Withdrawn: true},
		"cancelled, a lookup found it not revoked; last answer: 취소 실패": {
			Status: outcome.Dead, Reason: outcome.ReasonWithdrawn, Attempts: 1, Message: "취소 실패",
		},
		"cancelled, a lookup found it not revoked; last answer: HTTP 500": {
			Status: outcome.Dead, Reason: outcome.ReasonWithdrawn, Withdrawn: true, HTTPStatus: 500,
		},
		"cancelled after it had failed; last answer: 취소 실패": {
			Status: outcome.Dead, Reason: outcome.ReasonWithdrawn, PG: tasks.Settle, Withdrawn: true, Attempts: 1, Message: "취소 실패",
		},
		"a DELETE may have worked unseen, its next lookup tells": {Status: outcome.Retrying, LookedUpUntil: past},
	} {
		if got := note(o, ""); got != want {
			t.Errorf("%+v: got %q, want %q", o, got, want)
		}
	}
	held := outcome.Outcome{Status: outcome.Retrying, NextAttemptAt: past, LookedUpUntil: until, Message: "취소 실패"}
	if got, want := note(held, "paused by kim: 점검"), "paused by kim: 점검"+mayHaveWorked+"; last answer: 취소 실패"; got != want {
		t.Errorf("held: got %q, want %q", got, want)
	}
}
