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
	past := newHistory()
	for _, impUID := range []string{done, given, unclear, spent, handmade} {
		past.accepted[impUID] = 1
	}
	past.asked[given] = []asking{{"soak-1", at(1), true}}
	past.deletes[done], past.deletes[given] = []time.Time{at(2)}, []time.Time{at(2)}
	return evidence{
		history: past,
		outcomes: map[string]outcome.Outcome{
			done: {
				ImpUID: done, PG: tasks.KCP, Status: outcome.Revoked, Reason: outcome.ReasonRevoked,
				Receipt: outcome.Receipt{ApplyNum: "1"},
			},
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
			done: {
				Issued: true, RevokedAt: at(1), Effective: 1, Receipt: iamporttest.Receipt{ImpUID: done, ApplyNum: "1"},
			},
			unclear:  {Issued: true, RevokedAt: time.Unix(1, 0), Effective: 1},
			spent:    {Issued: true},
			handmade: revokedByHand(tasks.Settle),
		},
		failing: map[string]bool{spent: true, handmade: true},
	}
}

// at is a time of the run.
func at(second int64) time.Time { return time.Unix(second, 0) }

// withdraw plants that a request was cancelled at second 10, before any call, and ended
// as withdrawn.
func withdraw(e *evidence, impUID, batch string) {
	e.touched[impUID] = true
	e.deletes[impUID] = nil
	e.cancelled[impUID] = []cancellation{{batch, at(9), at(10), outcome.Withdrawn}}
	e.outcomes[impUID] = outcome.Outcome{ImpUID: impUID, Status: outcome.Dead, Reason: outcome.ReasonWithdrawn}
	e.batches["soak-1"].Reasons[outcome.ReasonNotIssued]--
	e.batches["soak-1"].Reasons[outcome.ReasonWithdrawn]++
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
		"nothing, where a request was cancelled": {func(e *evidence) {
			withdraw(e, given, "")
		}, nil},
		"called after it was cancelled": {func(e *evidence) {
			withdraw(e, given, "")
			e.deletes[given] = []time.Time{at(11)}
		}, []string{"called after they were cancelled"}},
		"nothing, where it was asked for after it was cancelled": {func(e *evidence) {
			withdraw(e, given, "")
			e.deletes[given] = []time.Time{at(12)}
			e.asked[given] = append(e.asked[given], asking{"", at(11), true})
		}, nil},
		"called once more after its attempts": {func(e *evidence) {
			withdraw(e, given, "")
			e.cancelled[given][0].Withdrawal = outcome.Called
			e.deletes[given] = []time.Time{at(5), at(11)}
		}, []string{"called after they were cancelled"}},
		"nothing, where an attempt was running": {func(e *evidence) {
			withdraw(e, given, "")
			e.cancelled[given][0].Withdrawal = outcome.Running
			e.deletes[given] = []time.Time{at(11), at(12)}
		}, nil},
		"attempts after the one that was running": {func(e *evidence) {
			withdraw(e, given, "")
			e.cancelled[given][0].Withdrawal = outcome.Running
			e.deletes[given] = []time.Time{at(11), at(12), at(13)}
		}, []string{"called after they were cancelled"}},
		"called after its batch was cancelled, which went on asking": {func(e *evidence) {
			withdraw(e, given, "soak-1")
			e.asked[given] = append(e.asked[given], asking{"soak-1", at(11), true})
			e.deletes[given] = []time.Time{at(11)}
		}, []string{"called after they were cancelled"}},
		"called although its line was refused": {func(e *evidence) {
			e.refused = []string{"imp_000000000008"}
			e.deletes["imp_000000000008"] = []time.Time{at(11)}
		}, []string{"called after they were cancelled"}},
		"cancelled, and given up as something else": {func(e *evidence) {
			withdraw(e, given, "")
			change(e, given, func(o *outcome.Outcome) { o.Reason = outcome.ReasonNotIssued })
			e.batches["soak-1"].Reasons[outcome.ReasonNotIssued]++
			e.batches["soak-1"].Reasons[outcome.ReasonWithdrawn]--
		}, []string{"cancelled before a call, ended otherwise"}},
		"withdrawn with its batch, wanted by others": {func(e *evidence) {
			e.recorded = map[string]int{"soak-1": 2}
			withdraw(e, given, "soak-1")
			e.asked[given] = append(e.asked[given], asking{"", at(1), true})
		}, []string{"cancelled with a batch, wanted by others, not called"}},
		"withdrawn by nobody": {func(e *evidence) {
			withdraw(e, given, "")
			delete(e.touched, given)
		}, []string{"withdrawn, archived or re-issued by nobody"}},
		"archived by nobody": {func(e *evidence) {
			change(e, spent, func(o *outcome.Outcome) { o.Reason = outcome.ReasonCrashed })
		}, []string{"withdrawn, archived or re-issued by nobody"}},
		"called after it was archived": {func(e *evidence) {
			e.touched[spent], e.archived[spent] = true, at(10)
			change(e, spent, func(o *outcome.Outcome) { o.Reason = outcome.ReasonCrashed })
			e.deletes[spent] = []time.Time{at(9), at(16)}
		}, []string{"called after a person archived them"}},
		"a line of a cancelled batch that is not counted": {func(e *evidence) {
			e.recorded = map[string]int{"soak-1": 1}
		}, []string{"batch differences"}},
		"another receipt, for nothing": {func(e *evidence) {
			change(e, spent, func(o *outcome.Outcome) { o.Reason = outcome.ReasonReissued })
		}, []string{"withdrawn, archived or re-issued by nobody"}},
		"nothing, where another receipt followed": {func(e *evidence) {
			follow(e)
		}, nil},
		"nothing, where another receipt followed and the answer had none": {func(e *evidence) {
			follow(e)
			change(e, done, func(o *outcome.Outcome) { o.ApplyNum = "" })
		}, nil},
		"revoked, and nobody asked for it": {func(e *evidence) {
			follow(e)
			e.truths[done] = e.earlier[done][0]
		}, []string{"issued afterwards, revoked unasked"}},
		"said to be revoked, by the number of the one before": {func(e *evidence) {
			follow(e)
			e.again[done] = e.outcomes[done]
		}, []string{"wrong"}},
		"a second request that did not end": {func(e *evidence) {
			e.accepted[given]++
		}, []string{"requests without an end of their own"}},
		"nothing, where a request was cancelled before the next": {func(e *evidence) {
			e.accepted[given] += 2
			e.events[given] = []outcome.Status{outcome.Dead, outcome.Dead}
			e.cancelled[given] = []cancellation{{"", at(5), at(6), outcome.Called}, {"", at(7), at(8), outcome.Called}}
			e.asked[given] = append(e.asked[given], asking{"", at(9), true}, asking{"", at(10), true})
		}, nil},
		"a second request that did not end, cancelled too early or too late": {func(e *evidence) {
			e.accepted[given]++
			e.cancelled[given] = []cancellation{{"", at(0), at(0), outcome.Called}, {"", at(12), at(12), outcome.Called}}
			e.asked[given] = append(e.asked[given], asking{"", at(9), true})
		}, []string{"requests without an end of their own"}},
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
		}, []string{"missing events", "requests without an end of their own"}},
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
			e.inArchive = 10_000
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

// follow plants that another receipt followed the one that is revoked.
func follow(e *evidence) {
	e.reissued[done] = time.Unix(-60, 0)
	e.earlier = map[string][]iamporttest.Truth{done: {e.truths[done]}}
	e.truths[done] = iamporttest.Truth{Issued: true, Receipt: iamporttest.Receipt{ImpUID: done, ApplyNum: "2"}}
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
