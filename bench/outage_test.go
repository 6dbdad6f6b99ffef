package main

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"receiptrevoker/bench/internal/benchredis"
)

// TestOutageSmoke runs a short outage with ours, one process of which is
// killed. Its figures are checked as far as they must hold however short it is.
func TestOutageSmoke(t *testing.T) {
	t.Parallel()
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
	r, err := b.runOutage(ctx, contenders[1])
	if err != nil {
		t.Fatal(err)
	}
	if r.calls == 0 || r.calls >= mostCalls || r.dead != 0 || r.backlog < outageBacklog/2 {
		t.Errorf("got %+v, want fewer than %d calls, none dead, and a backlog of about %d", r, mostCalls, outageBacklog)
	}
	if r.quiet.pickup == 0 || r.quiet.throughput == 0 || r.during.throughput == 0 {
		t.Errorf("got %+v, want the others to be served", r)
	}
	if got := len(r.rows(contenders[1])); got != 8 || !strings.Contains(r.rows(contenders[1])[0].String(), "| < 240 |") {
		t.Errorf("%d rows: %v", got, r.rows(contenders[1]))
	}
}
