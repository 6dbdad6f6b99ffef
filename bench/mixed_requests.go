package main

import (
	"context"
	"fmt"
	"time"

	"receiptrevoker/bench/internal/contender"
	"receiptrevoker/bench/internal/portone"
	"receiptrevoker/bench/internal/scene"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/wait"
	"receiptrevoker/worker/backoff"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/iamport/iamporttest"
)

// mixedSingle measures how long single requests wait for their first call beside a list on the same
// gateway of which every receipt fails: that list closes the gate, and each single request is a chance
// to open it.
func (b *bench) mixedSingle() []part {
	name := fmt.Sprintf("mixed: %d single requests beside %d lines that fail permanently: longest wait for a call",
		b.sizes.singles, b.sizes.beside)
	return []part{{name: "single", unit: "%.1f s", who: mixedBoth, act: b.askBeside, show: func(found []float64) {
		b.table.figure(name+", bare", "", "%.1f s").add(found[0])
		b.table.figure(name+", revoker", "≤ 15 s", "%.1f s").add(found[1])
	}}}
}

// askBeside returns how long the single request waited that waited longest, in seconds. One that is not
// called within the limit waited for as long as that.
func (b *bench) askBeside(ctx context.Context, s *scene.Scene) (float64, error) {
	// most is of a hundred receipts, so that some do not fail. take issues receipts until it has as
	// many as it wants of one kind: which fail, the simulated PortOne decides by its seed and their
	// imp_uids.
	const most = 90
	s.PortOne.Inject(failing(most))
	take := func(count int, fails bool) (list []tasks.Revocation) {
		for len(list) < count {
			if r := s.PortOne.IssueMany(gateway, 1)[0]; s.PortOne.Fails(r.ImpUID) == fails {
				list = append(list, r)
			}
		}
		return list
	}
	if err := s.AskBatch(ctx, "mixed", take(b.sizes.beside, true)); err != nil {
		return 0, err
	}
	// The pause gives the list's failures time to close the gate.
	pause := b.sizes.ahead
	for _, r := range take(b.sizes.singles, false) {
		if err := wait.For(ctx, pause); err != nil {
			return 0, err
		}
		if err := s.Ask(ctx, r); err != nil {
			return 0, err
		}
		pause = b.sizes.apart
	}
	err := scene.Within(ctx, b.sizes.limit, func(ctx context.Context) error {
		return s.AwaitNone(ctx, func(seen portone.Seen) bool { return !seen.Fails && seen.Called.IsZero() })
	})
	longest, now := time.Duration(0), time.Now()
	s.PortOne.Each(func(_ string, seen portone.Seen) {
		if seen.Called.IsZero() {
			seen.Called = now
		}
		if !seen.Fails {
			longest = max(longest, seen.Called.Sub(seen.Asked))
		}
	})
	return longest.Seconds(), err
}

// mixedHand measures when receipts that a person revoked before have the outcome that says so. Their
// DELETEs fail with 500, and the lookup after each shows the reason: no receipt waits for another
// attempt, and the gate counts anew.
func (b *bench) mixedHand() []part {
	act := func(ctx context.Context, s *scene.Scene) (float64, error) {
		list := make([]tasks.Revocation, b.sizes.hand)
		for i := range list {
			list[i] = s.PortOne.Issue(iamporttest.Receipt{PG: gateway, CancelledAt: time.Now().Add(-time.Hour)})
		}
		began := time.Now()
		if err := s.AskBatch(ctx, "mixed", list); err != nil {
			return 0, err
		}
		err := scene.Within(ctx, b.sizes.limit, func(ctx context.Context) error {
			return s.AwaitOutcomes(ctx, list, func(o outcome.Outcome) bool {
				return o.Status == outcome.Revoked && o.Reason == outcome.ReasonAlreadyRevoked
			})
		})
		return time.Since(began).Seconds(), err
	}
	name := fmt.Sprintf("mixed: %d receipts revoked by hand: all with the outcome already_revoked", b.sizes.hand)
	return []part{{name: "hand", unit: "%.1f s", who: mixedRevoker, act: act, show: func(found []float64) {
		b.table.figure(name, "≤ 10 s", "%.1f s").add(found[0])
	}}}
}

var (
	// hopelessSchedule and hopelessGate are those of a list that fails in all its receipts, shortened.
	// By default such a receipt makes 30 attempts in eleven hours, and its gate stays closed for
	// twelve; here these are three attempts in six seconds, and twenty seconds. Probes come faster as well.
	hopelessSchedule = backoff.Schedule{Attempts: 3, Base: 2 * time.Second, Max: 4 * time.Second}
	hopelessGate     = gate.Config{
		Patience: 20 * time.Second, Probe: 100 * time.Millisecond, ProbeMax: 200 * time.Millisecond,
	}
)

// mixedHopeless measures when a list of which every receipt fails has ended. Allowed are the
// schedule of its last receipt, 2 + 4 s, the time for which nothing may succeed before the gate
// stays open, 20 s, and the calls at full rate, which is what a bare handler takes in the same run.
func (b *bench) mixedHopeless() []part {
	waits := hopelessSchedule.Base + hopelessSchedule.Max + hopelessGate.Patience
	name := fmt.Sprintf("mixed: %d receipts all of which fail: all given up", b.sizes.beside)
	return []part{{
		name: "hopeless", unit: "%.1f s", act: b.giveUp,
		who: []contender.Job{
			{Kind: contender.BareLookups, Schedule: hopelessSchedule}, {Schedule: hopelessSchedule, Gate: hopelessGate},
		},
		show: b.slower(name, fmt.Sprintf("≤ bare + %v", waits), func(bare float64) float64 { return bare + waits.Seconds() }),
	}}
}

// giveUp returns how long it takes until every receipt of a list is given up, in seconds. For revoker
// it also waits until all outcomes say so, with all attempts of the schedule.
func (b *bench) giveUp(ctx context.Context, s *scene.Scene) (float64, error) {
	s.PortOne.Simulated.Inject(iamporttest.Rule{Fault: iamporttest.GatewayFailed})
	list := s.PortOne.IssueMany(gateway, b.sizes.beside)
	began := time.Now()
	if err := s.AskBatch(ctx, "mixed", list); err != nil {
		return 0, err
	}
	// The limit is doubled: each receipt is called several times, and those of other parts mostly once.
	err := scene.Within(ctx, 2*b.sizes.limit, func(ctx context.Context) error {
		// Asynq's queues are awaited first. To read all outcomes again and again would keep Redis from
		// what is measured.
		if err := s.AwaitIdle(ctx); err != nil || s.Job.Kind.Bare() {
			return err
		}
		return s.AwaitOutcomes(ctx, list, func(o outcome.Outcome) bool {
			return o.Status == outcome.Dead && o.Reason == outcome.ReasonAttemptsExhausted &&
				o.Attempts == hopelessSchedule.Attempts
		})
	})
	took := time.Since(began)
	// The log shows what the calls alone take at least, for whoever wonders where the time went.
	stats := s.PortOne.Simulated.Stats()
	calls := stats.Total(iamporttest.OpRevoke) + stats.Total(iamporttest.OpLookup)
	b.say("  %d calls, which take %.1f s at least", calls,
		(time.Duration(calls) * mixedLatency / (mixedProcesses * mixedSlots)).Seconds())
	return took.Seconds(), err
}
