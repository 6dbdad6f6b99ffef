package main

import (
	"context"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"receiptrevoker/bench/internal/benchredis"
	"receiptrevoker/tasks/outcome"
)

// TestOutageSmoke runs short outages with ours: one in which a process is killed,
// and one whose backlog comes at once and fails in part. The figures are checked
// as far as they must hold however short it is.
func TestOutageSmoke(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"killed", "failing"} {
		t.Run(key, func(t *testing.T) { // one after the other: each keeps the machine busy
			c := contenders[slices.IndexFunc(contenders, func(c contender) bool { return c.key == key })]
			r := smokeOutage(t, c)
			if r.calls == 0 || r.calls >= mostCalls || r.dead != 0 || r.backlog == 0 { // how much is asked for, the machine decides
				t.Errorf("got %+v, want fewer than %d calls, none dead, and a backlog", r, mostCalls)
			}
			if r.quiet.pickup == 0 || r.quiet.throughput == 0 || r.during.throughput == 0 {
				t.Errorf("got %+v, want the others to be served", r)
			}
			if got := r.rows(c); len(got) != 8 || !strings.Contains(got[0].String(), "| < 240 |") {
				t.Errorf("%d rows: %v", len(got), got)
			}
		})
	}
}

func smokeOutage(t *testing.T, c contender) outageResult {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	b := &bench{settings: settings{down: 6 * time.Second, log: io.Discard}}
	var err error
	b.redis, err = benchredis.Start(ctx, "", benchredis.InMemory...)
	skipWithoutRedis(t, err)
	if err != nil {
		t.Fatal(err)
	}
	defer b.redis.Stop()
	r, err := b.runOutage(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestLosses(t *testing.T) {
	t.Parallel()
	var got losses
	got.add([]outcome.Outcome{{Attempts: 1}, {Attempts: 0}, {Attempts: 3}}, 1)
	got.add([]outcome.Outcome{{Attempts: 1}}, 0)
	if want := (losses{burned: 3, most: 2}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestOutageLimit(t *testing.T) {
	t.Parallel()
	r := outageResult{backlog: 3_000} // ideally 10 s
	for failing, want := range map[float64]time.Duration{0: 23 * time.Second, 30: 48 * time.Second} {
		if got := r.limit(contender{failing: failing}); got != want {
			t.Errorf("with %.0f %% that fail: got %v, want %v", failing, got, want)
		}
	}
}
