package main

import (
	"context"
	"fmt"
	"time"

	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/backoff"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/iamport/iamporttest"
)

// hopeless is revoker with the schedule and the gate of a list that fails in all its
// receipts, shortened: twelve hours become twenty seconds.
var hopeless = contestant{
	name:     "revoker",
	schedule: backoff.Schedule{Attempts: 3, Base: 2 * time.Second, Max: 4 * time.Second},
	gate:     gate.Config{Patience: 20 * time.Second, Probe: 100 * time.Millisecond, ProbeMax: 200 * time.Millisecond},
}

// mixedHopeless measures when a list of which every receipt fails has come to its
// end.
func (b *bench) mixedHopeless(ctx context.Context) ([]row, error) {
	name := fmt.Sprintf("mixed: %d receipts all of which fail: all given up", b.sizes.beside)
	found := row{name: name, format: "%.1f s"}
	limit := row{name: name + ", limit: schedule + patience + its calls at full rate", format: "%.1f s"}
	err := b.eachSeed("hopeless", func(seed uint64) error {
		took, longest, err := b.runHopeless(ctx, seed)
		b.say("  revoker: %.1f s, at most %.1f s", took.Seconds(), longest.Seconds())
		found.add(took.Seconds())
		limit.add(longest.Seconds())
		return err
	})
	return []row{found, limit}, err
}

func (b *bench) runHopeless(ctx context.Context, seed uint64) (took, longest time.Duration, err error) {
	s, err := b.stage(ctx, seed, hopeless)
	defer s.strike()
	if err != nil {
		return 0, 0, err
	}
	s.portone.Inject(iamporttest.Rule{Fault: iamporttest.GatewayFailed})
	impUIDs := s.issueMany(b.sizes.beside)
	began := time.Now()
	if err := s.askBulk(ctx, "mixed", impUIDs); err != nil {
		return 0, 0, err
	}
	_, err = awaitFor(ctx, 2*b.sizes.limit, func(ctx context.Context) error {
		return s.awaitOutcomes(ctx, impUIDs, func(o outcome.Outcome) bool {
			return o.Status == outcome.Dead && o.Reason == outcome.ReasonAttemptsExhausted &&
				o.Attempts == hopeless.schedule.Attempts
		})
	})
	took = time.Since(began)
	stats := s.portone.Stats()
	calls := stats.Total(iamporttest.OpRevoke) + stats.Total(iamporttest.OpLookup)
	full := time.Duration(calls) * mixedLatency / (mixedProcesses * mixedSlots)
	schedule := time.Duration(0)
	for attempt := 1; attempt < hopeless.schedule.Attempts; attempt++ {
		schedule += min(hopeless.schedule.Base<<(attempt-1), hopeless.schedule.Max)
	}
	return took, schedule + hopeless.gate.Patience + full, err
}
