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
	*history
	*disrupted
	recorded    map[string]int // rows of each batch that was cancelled
	refused     []string       // imp_uids that were never asked for, their batch being cancelled
	allTerminal time.Duration  // after the last fault
	total       time.Duration
	late        bool // the time was over before every outcome was terminal

	// What Redis says.
	outcomes  map[string]outcome.Outcome
	events    map[string][]outcome.Status // of each imp_uid, the last one last
	dead      map[string]bool             // the list of dead letters
	open      []string                    // the imp_uids that are to go on
	left      map[string]string           // tasks in Asynq's queues that should not be
	lists     map[string][]string         // the imp_uids of each batch
	batches   map[string]outcome.Batch
	finished  map[string]int // how often each batch was published
	inArchive int            // tasks

	// What PortOne knows, and how the workers fared.
	truths  map[string]iamporttest.Truth   // of the latest receipt
	earlier map[string][]iamporttest.Truth // of those before it
	failing map[string]bool                // the imp_uids whose every DELETE fails
	stats   iamporttest.Stats
	crashes []string
}

// gather reads what there is to compare. Nobody works any more.
func (k *soak) gather(ctx context.Context, found *evidence) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	found.crashes, found.recorded = k.workers.crashes, k.recorded
	k.gatherTruths(found)
	var err error
	if found.left, found.inArchive, err = k.left(); err != nil {
		return fmt.Errorf("read Asynq's queues: %w", err)
	}
	open, ended, err := k.outcomes.Overdue(ctx, -24*time.Hour, k.tasks) // whenever it is due
	if err != nil {
		return err
	}
	found.open = ended
	for _, request := range open {
		found.open = append(found.open, request.ImpUID)
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
	found.earlier = make(map[string][]iamporttest.Truth)
	found.failing = make(map[string]bool)
	for truth := range k.portone.Truths() {
		found.truths[truth.ImpUID] = truth
		found.earlier[truth.ImpUID] = k.portone.Earlier(truth.ImpUID)
		if slices.Contains(k.portone.RulesAbout(truth.ImpUID), failing) {
			found.failing[truth.ImpUID] = true
		}
	}
}

func (k *soak) gatherOutcomes(ctx context.Context, found *evidence) error {
	found.outcomes = make(map[string]outcome.Outcome, len(found.accepted))
	for chunk := range slices.Chunk(found.sorted(), page) {
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
	for name, recorded := range found.recorded {
		for _, impUID := range found.lists[name][recorded:] {
			if _, accepted := found.accepted[impUID]; !accepted {
				found.refused = append(found.refused, impUID)
			}
		}
	}
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

// truthOf returns what PortOne knows of the receipt that an outcome is about: the
// latest, unless it names an earlier one and nobody asked for another. An answer without
// a receipt was about the first on which a DELETE took effect.
func (e *evidence) truthOf(o outcome.Outcome) iamporttest.Truth {
	if _, again := e.again[o.ImpUID]; !again && o.Status == outcome.Revoked {
		for _, truth := range e.earlier[o.ImpUID] {
			if truth.ApplyNum == o.ApplyNum || o.ApplyNum == "" && truth.Effective > 0 {
				return truth
			}
		}
	}
	return e.truths[o.ImpUID]
}
