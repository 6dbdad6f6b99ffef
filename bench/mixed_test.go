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
	for part, want := range map[string]struct {
		rows  int
		watch time.Duration
	}{
		"30": {rows: 4}, "80": {rows: 7, watch: time.Second}, "single": {rows: 2}, "hand": {rows: 1},
		"restart": {rows: 2}, "brownout": {rows: 3},
	} {
		t.Run(part, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			var report strings.Builder
			err := run(ctx, settings{
				runs: 1, only: "mixed", cases: choice{part}, seeds: 1, watch: want.watch, log: io.Discard,
				sizes: mixedSizes{
					list: 20, warm: 5, limit: 30 * time.Second, beside: 20, singles: 2, hand: 10,
					crash: 40, until: 200 * time.Millisecond, away: 100 * time.Millisecond, recover: time.Second,
					brownout: time.Second,
				},
			}, &report)
			skipWithoutRedis(t, err)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Count(report.String(), "\n| mixed: "); got != want.rows {
				t.Errorf("got %d rows of %s, want %d:\n%s", got, part, want.rows, &report)
			}
			if !strings.HasPrefix(report.String(), mixedNote) {
				t.Errorf("got %q, want the report to begin with how it was measured", report.String())
			}
		})
	}
}

func TestPassed(t *testing.T) {
	t.Parallel()
	p := newPassed("list", "≤ 1.5 × bare + 10 s", func(bare float64) float64 { return 1.5*bare + 10 })
	p.add(10, 25)
	p.add(10, 40)
	p.add(20, 39)
	want := "list, revoker: 2 of 3 within the target, worst 40.0 s where 25.0 s are allowed"
	if got := p.rows(); len(got) != 2 || got[1].name != want {
		t.Errorf("got %v, want %q", got, want)
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
