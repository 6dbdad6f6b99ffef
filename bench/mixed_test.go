package main

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"receiptrevoker/tasks/outcome"
)

// TestMixedSmoke makes the parts of mixed that take seconds, on so few receipts
// that the figures mean nothing.
func TestMixedSmoke(t *testing.T) {
	t.Parallel()
	for part, rows := range map[string]int{
		"30": 4, "calls": 3, "single": 2, "hand": 1, "restart": 2, "brownout": 3,
	} {
		t.Run(part, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			report := measure(ctx, t, "mixed/"+part, settings{
				seeds: 1, watch: time.Second, log: io.Discard,
				sizes: mixedSizes{
					list: 20, warm: 5, limit: 30 * time.Second, beside: 20, singles: 2, hand: 10,
					crash: 40, until: 200 * time.Millisecond, away: 100 * time.Millisecond, recover: time.Second,
					brownout: time.Second,
				},
			})
			if got := strings.Count(report, "\n| mixed: "); got != rows {
				t.Errorf("got %d rows of %s, want %d:\n%s", got, part, rows, report)
			}
			if !strings.HasPrefix(report, mixedNote) {
				t.Errorf("got %q, want the report to begin with how it was measured", report)
			}
		})
	}
}

func TestScheduled(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for name, tt := range map[string]struct {
		o    outcome.Outcome
		want bool
	}{
		"later":         {outcome.Outcome{Status: outcome.Retrying, NextAttemptAt: now.Add(time.Hour)}, true},
		"a moment ago":  {outcome.Outcome{Status: outcome.Retrying, NextAttemptAt: now.Add(-2 * time.Second)}, true},
		"overdue":       {outcome.Outcome{Status: outcome.Retrying, NextAttemptAt: now.Add(-4 * time.Second)}, false},
		"not scheduled": {outcome.Outcome{Status: outcome.Retrying}, false},
		"not attempted": {outcome.Outcome{}, false},
	} {
		if got := scheduled(tt.o, now); got != tt.want {
			t.Errorf("%s: got %t, want %t", name, got, tt.want)
		}
	}
}
