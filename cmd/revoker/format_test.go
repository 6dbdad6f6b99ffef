package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

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
	code := new(int)
	for want, o := range map[string]outcome.Outcome{
		"취소 실패":                     {Status: outcome.Dead, HTTPStatus: 500, Code: code, Message: "취소 실패"},
		"HTTP 500":                  {Status: outcome.Dead, HTTPStatus: 500, Code: code},
		"HTTP 502: read the answer": {Status: outcome.Dead, HTTPStatus: 502, Message: "read the answer"},
		"context deadline exceeded": {Status: outcome.Dead, Message: "context deadline exceeded"},
		"":                          {Status: outcome.Revoked, HTTPStatus: 200, Code: code},
	} {
		if got := note(o, ""); got != want {
			t.Errorf("%+v: got %q, want %q", o, got, want)
		}
	}
}
