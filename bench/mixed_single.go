package main

import (
	"context"
	"fmt"
	"time"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/wait"
	"receiptrevoker/worker/iamport/iamporttest"
)

// mixedSingle measures how long single requests wait for their first call beside
// a list on the same gateway of which every receipt fails.
func (b *bench) mixedSingle(ctx context.Context) ([]row, error) {
	name := fmt.Sprintf("mixed: %d single requests beside %d lines that fail permanently: longest wait for a call",
		b.sizes.singles, b.sizes.beside)
	rows := []row{
		{name: name + ", bare", format: "%.1f s"},
		{name: name + ", revoker", target: "≤ 15 s", format: "%.1f s"},
	}
	err := b.eachSeed("single", func(seed uint64) error {
		for i, who := range []contestant{mixedBare, mixedRevoker} {
			longest, err := b.runSingle(ctx, seed, who)
			if err != nil {
				return fmt.Errorf("%s: %w", who.name, err)
			}
			b.say("  %s: %.1f s", who.name, longest.Seconds())
			rows[i].add(longest.Seconds())
		}
		return nil
	})
	return rows, err
}

// runSingle returns how long the single request waited that waited longest. One
// that is not called within the limit waited for as long as that.
func (b *bench) runSingle(ctx context.Context, seed uint64, who contestant) (time.Duration, error) {
	s, err := b.stage(ctx, seed, who)
	defer s.strike()
	if err != nil {
		return 0, err
	}
	const most = 90 // of a hundred receipts, so that some do not fail
	s.inject(iamporttest.Rule{PG: mixedGateway, Fault: iamporttest.GatewayFailed, Receipts: most})
	lines, singles := s.take(b.sizes.beside, true), s.take(b.sizes.singles, false)
	if err := s.askBulk(ctx, "mixed", lines); err != nil {
		return 0, err
	}
	if err := wait.For(ctx, b.sizes.ahead); err != nil {
		return 0, err
	}
	for i, impUID := range singles {
		if i > 0 {
			if err := wait.For(ctx, b.sizes.apart); err != nil {
				return 0, err
			}
		}
		s.ask(mixedGateway, impUID)
		if _, err := s.client.Revoke(ctx, tasks.Revocation{ImpUID: impUID, PG: mixedGateway}); err != nil {
			return 0, err
		}
	}
	_, err = awaitFor(ctx, b.sizes.limit, func(ctx context.Context) error {
		for s.uncalled() > 0 {
			if err := wait.For(ctx, watchEvery); err != nil {
				return err
			}
		}
		return nil
	})
	return s.longestWait(), err
}

// uncalled returns how many receipts that do not fail had no call yet.
func (s *scene) uncalled() (count int) {
	s.each(mixedGateway, func(_ string, t *seen) {
		if !t.fails && t.arrived.IsZero() {
			count++
		}
	})
	return count
}

// longestWait returns the longest wait for a call of the receipts that do not
// fail.
func (s *scene) longestWait() (longest time.Duration) {
	now := time.Now()
	s.each(mixedGateway, func(_ string, t *seen) {
		called := t.arrived
		if called.IsZero() {
			called = now
		}
		if !t.fails {
			longest = max(longest, called.Sub(t.asked))
		}
	})
	return longest
}
