package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/iamport/iamporttest"
)

// evidence is all that is known in the end, of both sides.
type evidence struct {
	// What was done.
	accepted []string // imp_uids, sorted
	*disrupted
	allTerminal time.Duration // after the last fault
	total       time.Duration
	late        bool // the time was over before every outcome was terminal

	// What Redis says.
	outcomes map[string]outcome.Outcome
	events   map[string][]outcome.Status // of each imp_uid, the last one last
	dead     map[string]bool             // the list of dead letters
	open     []string                    // the imp_uids that are to go on
	left     map[string]string           // tasks in Asynq's queues that should not be
	lists    map[string][]string         // the imp_uids of each batch
	batches  map[string]outcome.Batch
	finished map[string]int // how often each batch was published
	archived int

	// What PortOne knows, and how the workers fared.
	truths  map[string]iamporttest.Truth
	failing map[string]bool // the imp_uids whose every DELETE fails
	stats   iamporttest.Stats
	crashes []string
}

// gather reads what there is to compare. Nobody works any more.
func (k *soak) gather(ctx context.Context, found *evidence) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	found.crashes = k.workers.crashes
	k.gatherTruths(found)
	var err error
	if found.left, found.archived, err = k.left(); err != nil {
		return fmt.Errorf("read Asynq's queues: %w", err)
	}
	ever := time.Now().Add(24 * time.Hour)
	if found.open, err = k.outcomes.Overdue(ctx, ever, int64(k.tasks)); err != nil {
		return err
	}
	if err := k.gatherOutcomes(ctx, found); err != nil {
		return err
	}
	if err := k.gatherBatches(ctx, found); err != nil {
		return err
	}
	found.events = make(map[string][]outcome.Status)
	for event, err := range k.outcomes.Events(ctx, "0") {
		if err != nil {
			return err
		}
		impUID := event.Outcome.ImpUID
		found.events[impUID] = append(found.events[impUID], event.Outcome.Status)
	}
	found.dead = make(map[string]bool)
	for impUIDs, err := range k.outcomes.DeadSince(ctx, time.Time{}) {
		if err != nil {
			return err
		}
		for _, impUID := range impUIDs {
			found.dead[impUID] = true
		}
	}
	return nil
}

// gatherTruths reads what PortOne knows.
func (k *soak) gatherTruths(found *evidence) {
	found.stats = k.portone.Stats()
	found.truths = make(map[string]iamporttest.Truth)
	found.failing = make(map[string]bool)
	for truth := range k.portone.Truths() {
		found.truths[truth.ImpUID] = truth
		if slices.Contains(k.portone.RulesAbout(truth.ImpUID), failing) {
			found.failing[truth.ImpUID] = true
		}
	}
}

func (k *soak) gatherOutcomes(ctx context.Context, found *evidence) error {
	found.outcomes = make(map[string]outcome.Outcome, len(found.accepted))
	for chunk := range slices.Chunk(found.accepted, page) {
		outcomes, err := k.outcomes.Many(ctx, chunk)
		if err != nil {
			return err
		}
		for _, o := range outcomes {
			found.outcomes[o.ImpUID] = o
		}
	}
	return nil
}

// gatherBatches reads what is known of the batches, and how often each was
// published as finished.
func (k *soak) gatherBatches(ctx context.Context, found *evidence) error {
	found.lists = k.plan.lists()
	found.batches = make(map[string]outcome.Batch)
	found.finished = make(map[string]int)
	batches, err := k.outcomes.Batches(ctx)
	if err != nil {
		return err
	}
	for _, b := range batches {
		found.batches[b.Name] = b
	}
	entries, err := k.redis.Client.XRange(ctx, "{receipt}:batches", "-", "+").Result()
	if err != nil {
		return fmt.Errorf("read the stream of batches: %w", err)
	}
	for _, entry := range entries {
		name, _ := entry.Values["batch"].(string)
		found.finished[name]++
	}
	return nil
}
