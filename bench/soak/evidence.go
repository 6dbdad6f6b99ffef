package main

import (
	"context"
	"slices"
	"time"

	"receiptrevoker/bench/internal/proof"
)

// evidence is all that is known in the end: what Redis and PortOne know, what was done, and how long
// it took. allTerminal counts from the end of the last kill, restart or freeze; outages of gateways
// do not count. crashes are workers that ended by themselves, each with its last lines, or that did
// not stop in good order.
type evidence struct {
	proof.Evidence
	*disrupted
	allTerminal time.Duration // after the last fault
	total       time.Duration
	late        bool // the time was over before every outcome was terminal
	crashes     []string
}

// gather reads what there is to compare, after all workers have stopped, within a minute.
func (k *soak) gather(ctx context.Context, found *evidence) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	found.crashes, found.Recorded, found.Lists = k.workers.crashes, k.recorded, k.plan.lists()
	if err := found.Gather(ctx, k.redis.Client, k.portone); err != nil {
		return err
	}
	// The simulated PortOne decides by the seed which receipts a share is of: only it knows.
	found.Failing = make(map[string]bool)
	for impUID := range found.Truths {
		if slices.Contains(k.portone.RulesAbout(impUID), failing) {
			found.Failing[impUID] = true
		}
	}
	return nil
}
