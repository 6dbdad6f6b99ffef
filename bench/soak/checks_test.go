package main

import (
	"slices"
	"testing"
	"time"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/iamport/iamporttest"
)

const (
	done     = "imp_000000000001" // revoked, on both sides
	given    = "imp_000000000002" // given up, rightly
	unclear  = "imp_000000000003" // revoked, and nobody can tell
	spent    = "imp_000000000004" // every DELETE of it failed
	handmade = "imp_000000000005" // revoked by hand, and PortOne told nobody
)

// healthy is the evidence of a run in which all went well.
func healthy() evidence {
	return evidence{
		accepted: []string{done, given, unclear, spent, handmade},
		outcomes: map[string]outcome.Outcome{
			done:     {ImpUID: done, PG: tasks.KCP, Status: outcome.Revoked, Reason: outcome.ReasonRevoked},
			given:    {ImpUID: given, PG: tasks.KCP, Status: outcome.Dead, Reason: outcome.ReasonNotIssued},
			unclear:  {ImpUID: unclear, PG: tasks.Settle, Status: outcome.Dead, Reason: outcome.ReasonUnconfirmed},
			spent:    {ImpUID: spent, PG: tasks.KCP, Status: outcome.Dead, Reason: outcome.ReasonAttemptsExhausted},
			handmade: {ImpUID: handmade, PG: tasks.Settle, Status: outcome.Dead, Reason: outcome.ReasonAttemptsExhausted},
		},
		events: map[string][]outcome.Status{
			done: {outcome.Dead, outcome.Revoked}, given: {outcome.Dead}, unclear: {outcome.Dead},
			spent: {outcome.Dead}, handmade: {outcome.Dead},
		},
		dead:  map[string]bool{given: true, unclear: true, spent: true, handmade: true},
		lists: map[string][]string{"soak-1": {done, given}},
		batches: map[string]outcome.Batch{"soak-1": {
			Queued: 1, Elsewhere: 1, Revoked: 1, Dead: 1, FinishedAt: time.Unix(2, 0),
			Reasons: map[outcome.Reason]int{outcome.ReasonRevoked: 1, outcome.ReasonNotIssued: 1},
		}},
		finished: map[string]int{"soak-1": 1},
		truths: map[string]iamporttest.Truth{
			done:     {Issued: true, RevokedAt: time.Unix(1, 0), Effective: 1},
			unclear:  {Issued: true, RevokedAt: time.Unix(1, 0), Effective: 1},
			spent:    {Issued: true},
			handmade: revokedByHand(tasks.Settle),
		},
		failing: map[string]bool{spent: true, handmade: true},
	}
}

// revokedByHand is the truth of a receipt that a person revoked.
func revokedByHand(pg tasks.Gateway) iamporttest.Truth {
	return iamporttest.Truth{
		Issued: true, RevokedAt: byHand, Receipt: iamporttest.Receipt{PG: pg, CancelledAt: byHand},
	}
}

func TestHealthyEvidencePasses(t *testing.T) {
	t.Parallel()
	e := healthy()
	for _, check := range checks {
		if f := check(&e); f.failed() {
			t.Errorf("%s: got %d, %q, want none", f.name, f.count, f.impUIDs)
		}
	}
	if got := unconfirmed(&e); !slices.Equal(got.impUIDs, []string{unclear}) {
		t.Errorf("unconfirmed: got %q, want %q", got.impUIDs, unclear)
	}
}

// TestChecksFindWhatIsPlanted plants a fault in healthy evidence. Those checks
// that should must find it, and no other may.
func TestChecksFindWhatIsPlanted(t *testing.T) {
	t.Parallel()
	change := func(e *evidence, impUID string, f func(*outcome.Outcome)) {
		o := e.outcomes[impUID]
		f(&o)
		e.outcomes[impUID] = o
	}
	for name, tt := range map[string]struct {
		plant func(*evidence)
		want  []string
	}{
		"no outcome at all": {func(e *evidence) {
			delete(e.outcomes, done)
		}, []string{"lost", "batch differences"}},
		"never ended": {func(e *evidence) {
			change(e, done, func(o *outcome.Outcome) { o.Status = outcome.Retrying })
			e.open = []string{done}
		}, []string{"lost", "stuck", "batch differences"}},
		"said to be revoked": {func(e *evidence) {
			e.truths[done] = iamporttest.Truth{Issued: true}
		}, []string{"wrong"}},
		"given up, but revoked": {func(e *evidence) {
			e.truths[given] = iamporttest.Truth{Issued: true, RevokedAt: time.Unix(1, 0)}
		}, []string{"wrong"}},
		"revoked by a DELETE of no effect": {func(e *evidence) {
			e.truths[done] = revokedByHand(tasks.KCP)
		}, []string{"wrong"}},
		"revoked by hand where a lookup tells": {func(e *evidence) {
			e.truths[handmade] = revokedByHand(tasks.KCP)
		}, []string{"wrong"}},
		"revoked by hand, and said to be refused": {func(e *evidence) {
			change(e, handmade, func(o *outcome.Outcome) { o.Reason = outcome.ReasonRefused })
		}, []string{"wrong"}},
		"revoked by a DELETE, and said to be exhausted": {func(e *evidence) {
			e.truths[handmade] = e.truths[unclear]
		}, []string{"wrong"}},
		"a receipt that fails, given up too early": {func(e *evidence) {
			change(e, spent, func(o *outcome.Outcome) { o.Reason = outcome.ReasonNotIssued })
		}, []string{"every DELETE fails, not given up"}},
		"unconfirmed where a lookup tells": {func(e *evidence) {
			change(e, given, func(o *outcome.Outcome) { o.Reason = outcome.ReasonUnconfirmed })
		}, []string{"wrong", "batch differences"}},
		"open for ever": {func(e *evidence) {
			e.open = []string{done}
		}, []string{"stuck"}},
		"took effect twice": {func(e *evidence) {
			e.truths[done] = iamporttest.Truth{RevokedAt: time.Unix(1, 0), Effective: 2}
		}, []string{"revoked twice"}},
		"counted twice": {func(e *evidence) {
			e.stats.RevokedTwice = 1
		}, []string{"revoked twice"}},
		"no event": {func(e *evidence) {
			delete(e.events, done)
		}, []string{"missing events"}},
		"an event of something else": {func(e *evidence) {
			e.events[done] = []outcome.Status{outcome.Revoked, outcome.Dead}
		}, []string{"missing events"}},
		"no letter": {func(e *evidence) {
			delete(e.dead, given)
		}, []string{"dead-letter differences"}},
		"a letter of what is revoked": {func(e *evidence) {
			e.dead[done] = true
		}, []string{"dead-letter differences"}},
		"a letter of nobody": {func(e *evidence) {
			e.dead["imp_000000000009"] = true
		}, []string{"dead-letter differences"}},
		"a task left": {func(e *evidence) {
			e.left = map[string]string{done: "active on receipts-kcp"}
		}, []string{"left in queues"}},
		"a batch that counted one twice": {func(e *evidence) {
			b := e.batches["soak-1"]
			b.Revoked++
			e.batches["soak-1"] = b
		}, []string{"batch differences"}},
		"a batch that does not end": {func(e *evidence) {
			b := e.batches["soak-1"]
			b.FinishedAt = time.Time{}
			e.batches["soak-1"] = b
		}, []string{"batch differences"}},
		"a batch with another reason": {func(e *evidence) {
			e.batches["soak-1"].Reasons[outcome.ReasonRefused]++
		}, []string{"batch differences"}},
		"a batch that nobody heard of": {func(e *evidence) {
			delete(e.finished, "soak-1")
		}, []string{"batch differences"}},
		"an archive that Asynq trims": {func(e *evidence) {
			e.archived = 10_000
		}, []string{"archived by Asynq"}},
		"a redirect that was followed": {func(e *evidence) {
			e.stats.Calls = map[iamporttest.Operation]map[int]int{iamporttest.OpRedirected: {200: 1}}
		}, []string{"misdirected calls"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := healthy()
			tt.plant(&e)
			var got []string
			for _, check := range checks {
				if f := check(&e); f.failed() {
					got = append(got, f.name)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("failed: got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestWhatIsCountedOnly(t *testing.T) {
	t.Parallel()
	e := healthy()
	e.events[given] = []outcome.Status{outcome.Dead, outcome.Dead, outcome.Dead}
	e.stats.Duplicates = 4
	if got := duplicateEvents(&e); got.count != 2 || got.failed() {
		t.Errorf("duplicate events: got %+v, want 2 and no failure", got)
	}
	if got := duplicateDeletes(&e); got.count != 4 || got.failed() {
		t.Errorf("duplicate DELETE calls: got %+v, want 4 and no failure", got)
	}
}
