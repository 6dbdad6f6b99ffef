package main

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"receiptrevoker/bench/internal/benchredis"
)

// TestOutageSmoke goes through a short outage with ours, one process of which is
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
	e, err := b.goThrough(ctx, contenders[1])
	if err != nil {
		t.Fatal(err)
	}
	if e.calls == 0 || e.calls >= 180 || e.dead != 0 || e.backlog < outageBacklog/2 {
		t.Errorf("got %+v, want fewer than 180 calls, none dead, and a backlog of about %d", e, outageBacklog)
	}
	if e.quiet.pickup == 0 || e.quiet.throughput == 0 || e.during.throughput == 0 {
		t.Errorf("got %+v, want the others to be served", e)
	}
	if got := len(e.rows(contenders[1])); got != 7 || !strings.Contains(e.rows(contenders[1])[0].String(), "| < 180 |") {
		t.Errorf("%d rows: %v", got, e.rows(contenders[1]))
	}
}
