package main

import (
	"context"
	"fmt"
	"time"

	"github.com/hibiken/asynq"

	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/wait"
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
// end: allowed are the schedule of its last receipt, the time for which nothing may
// succeed, and the calls at full rate, which is what a bare handler takes in the same run.
func (b *bench) mixedHopeless(ctx context.Context) ([]row, error) {
	name := fmt.Sprintf("mixed: %d receipts all of which fail: all given up", b.sizes.beside)
	waits := hopeless.schedule.Base + hopeless.schedule.Max + hopeless.gate.Patience
	p := newPassed(name, fmt.Sprintf("≤ bare + %v", waits), func(bare float64) float64 { return bare + waits.Seconds() })
	err := b.eachSeed("hopeless", func(seed uint64) error {
		var took [2]time.Duration
		for i, who := range []contestant{{name: "bare", bare: bareLookups, schedule: hopeless.schedule}, hopeless} {
			var err error
			if took[i], err = b.runHopeless(ctx, seed, who); err != nil {
				return fmt.Errorf("%s: %w", who.name, err)
			}
		}
		p.add(took[0].Seconds(), took[1].Seconds())
		return nil
	})
	return p.rows(), err
}

func (b *bench) runHopeless(ctx context.Context, seed uint64, who contestant) (took time.Duration, err error) {
	s, err := b.stage(ctx, seed, who)
	defer s.strike()
	if err != nil {
		return 0, err
	}
	s.portone.Inject(iamporttest.Rule{Fault: iamporttest.GatewayFailed})
	impUIDs := s.issueMany(b.sizes.beside)
	began := time.Now()
	if err := s.askBulk(ctx, "mixed", impUIDs); err != nil {
		return 0, err
	}
	// To read all outcomes again and again would keep Redis from what is measured.
	_, err = awaitFor(ctx, 2*b.sizes.limit, func(ctx context.Context) error {
		if err := s.awaitIdle(ctx); err != nil || who.bare != notBare {
			return err
		}
		return s.awaitOutcomes(ctx, impUIDs, givenUp)
	})
	took = time.Since(began)
	stats := s.portone.Stats()
	calls := stats.Total(iamporttest.OpRevoke) + stats.Total(iamporttest.OpLookup)
	b.say("  %s: %.1f s, %d calls, which take %.1f s at least", who.name, took.Seconds(), calls,
		(time.Duration(calls) * mixedLatency / (mixedProcesses * mixedSlots)).Seconds())
	return took, err
}

// givenUp reports whether every attempt of an outcome was made.
func givenUp(o outcome.Outcome) bool {
	return o.Status == outcome.Dead && o.Reason == outcome.ReasonAttemptsExhausted &&
		o.Attempts == hopeless.schedule.Attempts
}

// awaitIdle waits until no task is left to work on.
func (s *scene) awaitIdle(ctx context.Context) error {
	inspector := asynq.NewInspectorFromRedisClient(s.redis.Client)
	for {
		queues, err := inspector.Queues()
		if err != nil {
			return err
		}
		left := 0
		for _, queue := range queues {
			info, err := inspector.GetQueueInfo(queue)
			if err != nil {
				return err
			}
			left += info.Size - info.Archived
		}
		if left == 0 {
			return nil
		}
		if err := wait.For(ctx, 5*watchEvery); err != nil {
			return fmt.Errorf("%d tasks are left: %w", left, err)
		}
	}
}
