package main

import (
	"context"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"receiptrevoker/bench/internal/contender"
	"receiptrevoker/bench/internal/scene"
	"receiptrevoker/bench/redistest/scale"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/iamport/iamporttest"
)

// TestOutageSmoke makes a short outage with ours, whose backlog comes at once and fails in
// part, and at full scale one in which a process is killed: what that had begun waits for its
// lease to end. The figures are checked as far as they must hold however short it is.
func TestOutageSmoke(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"killed", "failing"} {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			if key == "killed" && !scale.Full() {
				t.Skip("at full scale")
			}
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
			defer cancel()
			o := outages[slices.IndexFunc(outages, func(o outage) bool { return o.key == key })]
			b := &bench{settings: settings{quiet: 3 * time.Second, down: 4 * time.Second, backlog: 300, log: io.Discard}}
			r, err := b.runOutage(ctx, o)
			skipWithoutRedis(t, err)
			if err != nil {
				t.Fatal(err)
			}
			if r.calls == 0 || r.calls >= mostCalls || r.dead != 0 || r.backlog == 0 { // how much is asked for, the machine decides
				t.Errorf("got %+v, want fewer than %d calls, none dead, and a backlog", r, mostCalls)
			}
			if r.quiet.pickup == 0 || r.quiet.throughput == 0 || r.during.throughput == 0 {
				t.Errorf("got %+v, want the others to be served", r)
			}
			o.show(&b.table, r)
			if got := b.table.figures; len(got) != 8 || !strings.Contains(got[0].String(), "| < 240 |") {
				t.Errorf("%d rows: %v", len(got), got)
			}
		})
	}
}

func TestOwnerOfTheGateIsReplaced(t *testing.T) {
	t.Parallel()
	s, err := scene.New(t.Context(), iamporttest.Config{}, contender.Job{Slots: outageSlots})
	skipWithoutRedis(t, err)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Serve(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	s.PortOne.Simulated.SetOutage(gateway, true)
	before := slices.Clone(s.Workers)
	if err := s.AskMany(t.Context(), s.PortOne.IssueMany(gateway, 200)); err != nil {
		t.Fatal(err)
	}
	if err := replaceOwner(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	ended := slices.DeleteFunc(slices.Clone(before), func(p *contender.Process) bool { return p.Ended() == nil })
	if len(s.Workers) != 2 || len(ended) != 1 || slices.Contains(s.Workers, ended[0]) {
		t.Errorf("got %d workers, and %d of those before ended; want 2, one of which is new", len(s.Workers), len(ended))
	}
}

func TestBurnedAttempts(t *testing.T) {
	t.Parallel()
	var got outageResult
	got.burn([]outcome.Outcome{{Attempts: 1}, {Attempts: 0}, {Attempts: 3}}, 1)
	got.burn([]outcome.Outcome{{Attempts: 1}}, 0)
	if got.burned != 3 || got.most != 2 {
		t.Errorf("got %+v, want 3 attempts burned, 2 by one receipt", got)
	}
}

func TestOutageLimit(t *testing.T) {
	t.Parallel()
	r := outageResult{backlog: 3_000} // ideally 10 s
	for failing, want := range map[float64]time.Duration{0: 23 * time.Second, 30: 48 * time.Second} {
		if got := (outage{failing: failing}).limit(r); got != want {
			t.Errorf("with %.0f %% that fail: got %v, want %v", failing, got, want)
		}
	}
}
