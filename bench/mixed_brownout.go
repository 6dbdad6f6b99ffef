package main

import (
	"context"
	"fmt"

	"receiptrevoker/tasks/wait"
	"receiptrevoker/worker/iamport/iamporttest"
)

// mixedBrownout measures how many receipts are revoked while most calls fail,
// whatever receipt they are for.
func (b *bench) mixedBrownout(ctx context.Context) ([]row, error) {
	name := fmt.Sprintf("mixed: nine of ten calls fail for %v with %d receipts waiting: revoked meanwhile",
		b.sizes.brownout, b.sizes.list)
	rows := []row{
		{name: name + ", bare", format: "%.0f"},
		{name: name + ", revoker", format: "%.0f"},
		{name: name + ", revoker against bare", target: "≥ 80 %", format: "%.0f %%"},
	}
	err := b.eachSeed("brownout", func(seed uint64) error {
		var done [2]int
		for i, who := range []contestant{mixedBare, mixedRevoker} {
			var err error
			if done[i], err = b.runBrownout(ctx, seed, who); err != nil {
				return fmt.Errorf("%s: %w", who.name, err)
			}
			b.say("  %s: %d", who.name, done[i])
			rows[i].add(float64(done[i]))
		}
		rows[2].add(100 * float64(done[1]) / float64(max(done[0], 1)))
		return nil
	})
	return rows, err
}

// runBrownout returns how many receipts were revoked while most calls failed.
func (b *bench) runBrownout(ctx context.Context, seed uint64, who contestant) (int, error) {
	s, err := b.stage(ctx, seed, who)
	defer s.strike()
	if err != nil {
		return 0, err
	}
	fail := func(percent float64) {
		s.portone.Clear()
		s.portone.Inject(iamporttest.Rule{PG: mixedGateway, Fault: iamporttest.GatewayFailed, Percent: percent})
	}
	fail(2)
	if err := s.warm(ctx, b.sizes.warm); err != nil {
		return 0, err
	}
	list := s.issueMany(b.sizes.list)
	fail(90)
	if err := s.askBulk(ctx, "mixed", list); err != nil {
		return 0, err
	}
	if err := wait.For(ctx, b.sizes.brownout); err != nil {
		return 0, err
	}
	return len(list) - s.open(mixedGateway), nil
}
