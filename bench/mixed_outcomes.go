package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/wait"
)

// outcomePage is how many outcomes are read in one round trip.
const outcomePage = 500

// lacking returns the outcomes of imp_uids that are not as they should be.
func (s *scene) lacking(
	ctx context.Context, impUIDs []string, good func(outcome.Outcome) bool,
) (bad []outcome.Outcome, err error) {
	store := outcome.NewStore(s.redis.Client, outcome.Config{})
	for page := range slices.Chunk(impUIDs, outcomePage) {
		outcomes, err := store.Many(ctx, page)
		if err != nil {
			return nil, err
		}
		bad = append(bad, slices.DeleteFunc(outcomes, good)...)
	}
	return bad, nil
}

// awaitOutcomes waits until the outcomes of all imp_uids are as they should be.
func (s *scene) awaitOutcomes(ctx context.Context, impUIDs []string, good func(outcome.Outcome) bool) error {
	for {
		bad, err := s.lacking(ctx, impUIDs, good)
		if err != nil || len(bad) == 0 {
			return err
		}
		if err := wait.For(ctx, 5*watchEvery); err != nil {
			return fmt.Errorf("%d outcomes are not as they should be, such as that of %s: %w", len(bad), bad[0].ImpUID, err)
		}
	}
}

// scheduled reports whether an outcome says that its receipt is to be attempted
// later, or was until a moment ago.
func scheduled(o outcome.Outcome, now time.Time) bool {
	const moment = 3 * time.Second
	return o.Status == outcome.Retrying && !o.NextAttemptAt.Before(now.Add(-moment))
}
