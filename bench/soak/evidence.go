package main

import (
	"context"
	"slices"
	"time"

	"receiptrevoker/bench/internal/proof"
)

// evidence is all that is known in the end: what the checks compare, and what only the report says.
type evidence struct {
	proof.Evidence
	*disrupted
	allTerminal time.Duration // after the last fault
	total       time.Duration
	late        bool // the time was over before every outcome was terminal
	crashes     []string
}

// gather reads what there is to compare, after all workers have stopped. It has a minute of its
// own: where the run's time was over, the report is wanted all the more.
func (k *soak) gather(ctx context.Context, found *evidence) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	found.crashes, found.Recorded, found.Lists = k.workers.crashes, k.recorded, k.plan.lists()
	if err := found.Gather(ctx, k.redis.Client, k.portone); err != nil {
		return err
	}
	// The simulated PortOne decides which receipts a rule is about, by its seed: so it is asked,
	// and not the plan.
	found.Failing = make(map[string]bool)
	for impUID := range found.Truths {
		if slices.Contains(k.portone.RulesAbout(impUID), failing) {
			found.Failing[impUID] = true
		}
	}
	return nil
}
