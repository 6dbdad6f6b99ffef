package main

import (
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"receiptrevoker/worker/iamport/iamporttest"
)

var (
	sizes    = settings{tasks: 1_000, kills: 8, restarts: 3, freezes: 2, workers: 3, seed: 1}
	internal = cmp.AllowUnexported(plan{}, burst{}, disruption{}, deed{})
)

func TestPlanIsThatOfItsSeed(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff(makePlan(sizes), makePlan(sizes), internal); diff != "" {
		t.Errorf("two plans of the same seed (-one +other):\n%s", diff)
	}
	other := sizes
	other.seed = 2
	if cmp.Equal(makePlan(sizes), makePlan(other), internal) {
		t.Error("the plans of two seeds are equal")
	}
}

// TestPlanHoldsWhatWasAskedFor counts: each payment, asked for alone and in
// batches, some of them twice in either way; each disruption; each fault.
func TestPlanHoldsWhatWasAskedFor(t *testing.T) {
	t.Parallel()
	p := makePlan(sizes)
	single, batch, asked := make(map[string]int), make(map[string]int), make(map[string]bool)
	for _, b := range p.asks {
		for _, r := range b.revocations {
			asked[r.ImpUID] = true
			if r.Batch != "" {
				batch[r.ImpUID]++
			} else {
				single[r.ImpUID]++
			}
		}
	}
	both, twice := 0, 0
	for impUID := range asked {
		if single[impUID] > 0 && batch[impUID] > 0 {
			both++
		}
		if single[impUID] > 1 || batch[impUID] > 1 {
			twice++
		}
	}
	if len(asked) != sizes.tasks || both == 0 || twice == 0 {
		t.Errorf("got %d imp_uids, %d in both ways, %d twice; want %d, some and some", len(asked), both, twice, sizes.tasks)
	}
	if least := sizes.tasks / 4; len(single) < least || len(batch) < least {
		t.Errorf("got %d single and %d of batches, want at least %d each", len(single), len(batch), least)
	}
	kinds := make(map[kind]int)
	for _, d := range p.disruptions {
		kinds[d.kind]++
	}
	if kinds[killWorker] != sizes.kills || kinds[restartRedis] != sizes.restarts || kinds[freezeWorker] != sizes.freezes ||
		kinds[outage] == 0 {
		t.Errorf("disruptions: got %v, want those of %+v and some outages", kinds, sizes)
	}
	deeds := make(map[kind]int)
	for _, d := range p.deeds {
		deeds[d.kind]++
		for _, r := range d.revocations {
			if n := single[r.ImpUID] + batch[r.ImpUID]; n != 1 || p.archivable[r.ImpUID] {
				t.Errorf("%s: %s is asked for %d times, archivable %v; want once, and nothing else done to it",
					d.kind, r.ImpUID, n, p.archivable[r.ImpUID])
			}
		}
	}
	for _, kind := range []kind{cancelRequests, cancelBatch, archiveTasks, reissue, askAgain} {
		if deeds[kind] == 0 {
			t.Errorf("got %v, want some to %s", deeds, kind)
		}
	}
	wanted := 0
	for _, name := range p.cancelledBatches() {
		for _, impUID := range p.lists()[name] {
			wanted += single[impUID]
		}
	}
	if wanted == 0 || p.named() == 0 || len(p.archivable) == 0 {
		t.Errorf("got %d lines of cancelled batches that others ask for, %d requests that name their receipt, "+
			"%d archivable; want some of each", wanted, p.named(), len(p.archivable))
	}
	byHand := 0
	for _, r := range p.receipts {
		if !r.CancelledAt.IsZero() {
			byHand++
		}
	}
	if byHand < sizes.tasks/50 || byHand > sizes.tasks/10 || !slices.Contains(p.faults, failing) {
		t.Errorf("got %d receipts revoked by hand, want a few in a hundred, and the rule %s", byHand, failing)
	}
	for _, fault := range iamporttest.Faults() {
		if !slices.ContainsFunc(p.faults, func(r iamporttest.Rule) bool { return r.Fault == fault }) {
			t.Errorf("no rule for the fault %s", fault)
		}
	}
}

func TestParseRefusesWhatMakesNoSense(t *testing.T) {
	t.Parallel()
	for i, args := range [][]string{
		{"-tasks", "0"},
		{"-workers", "0"},
		{"-slots", "0"},
		{"-kills", "-1"},
		{"-restarts", "-1"},
		{"-freezes", "-1"},
		{"-limit", "0s"},
		{"-latency", "-1s"},
		{"-fsync", "never"},
		{"all"},
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			if s, err := parse(args, io.Discard); err == nil {
				t.Errorf("parse(%q): got %+v, want an error", args, s)
			}
		})
	}
}
