package main

import (
	"context"
	"fmt"
	"time"

	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/iamport/iamporttest"
)

// mixedHand measures when receipts that a person revoked before have the outcome
// that they were.
func (b *bench) mixedHand(ctx context.Context) ([]row, error) {
	found := row{
		name:   fmt.Sprintf("mixed: %d receipts revoked by hand: all with the outcome already_revoked", b.sizes.hand),
		target: "≤ 10 s", format: "%.1f s",
	}
	err := b.eachSeed("hand", func(seed uint64) error {
		took, err := b.runHand(ctx, seed)
		b.say("  revoker: %.1f s", took.Seconds())
		found.add(took.Seconds())
		return err
	})
	return []row{found}, err
}

func (b *bench) runHand(ctx context.Context, seed uint64) (time.Duration, error) {
	s, err := b.stage(ctx, seed, mixedRevoker)
	defer s.strike()
	if err != nil {
		return 0, err
	}
	var impUIDs []string
	for range b.sizes.hand {
		impUIDs = append(impUIDs, s.issue(iamporttest.Receipt{PG: mixedGateway, CancelledAt: time.Now().Add(-time.Hour)}))
	}
	began := time.Now()
	if err := s.askBulk(ctx, "mixed", impUIDs); err != nil {
		return 0, err
	}
	_, err = awaitFor(ctx, b.sizes.limit, func(ctx context.Context) error {
		return s.awaitOutcomes(ctx, impUIDs, func(o outcome.Outcome) bool {
			return o.Status == outcome.Revoked && o.Reason == outcome.ReasonAlreadyRevoked
		})
	})
	return time.Since(began), err
}
