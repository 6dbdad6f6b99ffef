package proof

import (
	"slices"
	"testing"
	"time"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/iamport/iamporttest"
)

func TestHealthyEvidencePasses(t *testing.T) {
	t.Parallel()
	e := healthy()
	for _, check := range Checks {
		if f := check(&e); f.Failed() {
			t.Errorf("%s: got %d, %q, want none", f.Name, f.Count, f.ImpUIDs)
		}
	}
	if got := unconfirmed(&e); !slices.Equal(got.ImpUIDs, []string{unclear}) {
		t.Errorf("unconfirmed: got %q, want %q", got.ImpUIDs, unclear)
	}
}

// TestChecksFindWhatIsPlanted plants a fault in healthy evidence. Those Checks
// that should must find it, and no other may.
func TestChecksFindWhatIsPlanted(t *testing.T) {
	t.Parallel()
	change := func(e *Evidence, impUID string, f func(*outcome.Outcome)) {
		o := e.Outcomes[impUID]
		f(&o)
		e.Outcomes[impUID] = o
	}
	for name, tt := range map[string]struct {
		plant func(*Evidence)
		want  []string
	}{
		"nothing, where a request was cancelled": {func(e *Evidence) {
			withdraw(e, given, "")
		}, nil},
		"called after it was cancelled": {func(e *Evidence) {
			withdraw(e, given, "")
			e.Deletes[given] = []time.Time{at(11)}
		}, []string{"called after they were cancelled"}},
		"nothing, where it was asked for after it was cancelled": {func(e *Evidence) {
			withdraw(e, given, "")
			e.Deletes[given] = []time.Time{at(12)}
			e.Asked[given] = append(e.Asked[given], Asking{Batch: "", At: at(11), Accepted: true})
		}, nil},
		"called once more after its attempts": {func(e *Evidence) {
			withdraw(e, given, "")
			e.Cancelled[given][0].Withdrawal = outcome.Called
			e.Deletes[given] = []time.Time{at(5), at(11)}
		}, []string{"called after they were cancelled"}},
		"nothing, where an attempt was running": {func(e *Evidence) {
			withdraw(e, given, "")
			e.Cancelled[given][0].Withdrawal = outcome.Running
			e.Deletes[given] = []time.Time{at(11), at(12)}
		}, nil},
		"attempts after the one that was running": {func(e *Evidence) {
			withdraw(e, given, "")
			e.Cancelled[given][0].Withdrawal = outcome.Running
			e.Deletes[given] = []time.Time{at(11), at(12), at(13)}
		}, []string{"called after they were cancelled"}},
		"called after its batch was cancelled, which went on asking": {func(e *Evidence) {
			withdraw(e, given, "soak-1")
			e.Asked[given] = append(e.Asked[given], Asking{Batch: "soak-1", At: at(11), Accepted: true})
			e.Deletes[given] = []time.Time{at(11)}
		}, []string{"called after they were cancelled"}},
		"called although its line was refused": {func(e *Evidence) {
			e.Refused = []string{"imp_000000000008"}
			e.Deletes["imp_000000000008"] = []time.Time{at(11)}
		}, []string{"called after they were cancelled"}},
		"cancelled, and given up as something else": {func(e *Evidence) {
			withdraw(e, given, "")
			change(e, given, func(o *outcome.Outcome) { o.Reason = outcome.ReasonNotIssued })
			e.Batches["soak-1"].Reasons[outcome.ReasonNotIssued]++
			e.Batches["soak-1"].Reasons[outcome.ReasonWithdrawn]--
		}, []string{"cancelled before a call, ended otherwise"}},
		"nothing, where Redis lost something and no lookup tells": {func(e *Evidence) {
			withdraw(e, given, "")
			e.forgot = true
			change(e, given, func(o *outcome.Outcome) { o.Reason, o.PG = outcome.ReasonUnconfirmed, tasks.Settle })
			e.Batches["soak-1"].Reasons[outcome.ReasonUnconfirmed]++
			e.Batches["soak-1"].Reasons[outcome.ReasonWithdrawn]--
		}, nil},
		"nothing, where Redis lost something and a lookup tells that it was revoked by hand": {func(e *Evidence) {
			withdraw(e, given, "")
			e.forgot = true
			revokeByHand(e, given)
		}, nil},
		"cancelled, and found revoked although Redis lost nothing": {func(e *Evidence) {
			withdraw(e, given, "")
			e.forgot = false
			revokeByHand(e, given)
		}, []string{"cancelled before a call, ended otherwise"}},
		"cancelled, and given up although Redis lost nothing": {func(e *Evidence) {
			withdraw(e, given, "")
			e.forgot = false
			change(e, given, func(o *outcome.Outcome) { o.Reason, o.PG = outcome.ReasonUnconfirmed, tasks.Settle })
			e.Batches["soak-1"].Reasons[outcome.ReasonUnconfirmed]++
			e.Batches["soak-1"].Reasons[outcome.ReasonWithdrawn]--
		}, []string{"cancelled before a call, ended otherwise"}},
		"withdrawn with its batch, wanted by others": {func(e *Evidence) {
			withdrawWanted(e, given)
		}, []string{"cancelled with a batch, wanted by others, not called"}},
		"archived without an answer, wanted by others": {func(e *Evidence) {
			withdrawWanted(e, given)
			change(e, given, func(o *outcome.Outcome) { o.Reason = outcome.ReasonCrashed })
			e.Cancelled[given] = nil // by the batch alone
			e.Batches["soak-1"].Reasons[outcome.ReasonCrashed]++
			e.Batches["soak-1"].Reasons[outcome.ReasonWithdrawn]--
		}, nil},
		"withdrawn by nobody": {func(e *Evidence) {
			withdraw(e, given, "")
			delete(e.Touched, given)
		}, []string{"withdrawn, archived or re-issued by nobody"}},
		"archived by nobody": {func(e *Evidence) {
			change(e, spent, func(o *outcome.Outcome) { o.Reason = outcome.ReasonCrashed })
		}, []string{"withdrawn, archived or re-issued by nobody"}},
		"called after it was archived": {func(e *Evidence) {
			e.Touched[spent], e.Archived[spent] = true, at(10)
			change(e, spent, func(o *outcome.Outcome) { o.Reason = outcome.ReasonCrashed })
			e.Deletes[spent] = []time.Time{at(9), at(16)}
		}, []string{"called after a person archived them"}},
		"a line of a cancelled batch that is not counted": {func(e *Evidence) {
			e.Recorded = map[string]int{"soak-1": 1}
		}, []string{"batch differences"}},
		"another receipt, for nothing": {func(e *Evidence) {
			change(e, spent, func(o *outcome.Outcome) { o.Reason = outcome.ReasonReissued })
		}, []string{"withdrawn, archived or re-issued by nobody"}},
		"nothing, where another receipt followed": {func(e *Evidence) {
			follow(e)
		}, nil},
		"nothing, where another receipt followed and the answer had none": {func(e *Evidence) {
			follow(e)
			change(e, done, func(o *outcome.Outcome) { o.ApplyNum = "" })
		}, nil},
		"revoked, and nobody asked for it": {func(e *Evidence) {
			follow(e)
			e.Truths[done] = e.Earlier[done][0]
		}, []string{"issued afterwards, revoked unasked"}},
		"given up, but revoked, as another that followed between lookup and DELETE": {func(e *Evidence) {
			follow(e)
			e.Reissued[done] = e.Earlier[done][0].RevokedAt
			e.Truths[done] = e.Earlier[done][0]
			change(e, done, func(o *outcome.Outcome) { o.Status, o.Reason = outcome.Dead, outcome.ReasonReissued })
		}, []string{"missing events", "dead-letter differences", "batch differences"}},
		"said to be revoked, by the number of the one before": {func(e *Evidence) {
			follow(e)
			e.Again[done] = e.Outcomes[done]
		}, []string{"wrong"}},
		"dead, asked for twice as the receipt of now": {func(e *Evidence) {
			o := e.Outcomes[handmade]
			e.Again[handmade], e.Reissued[handmade] = o, at(3)
			e.Truths[handmade] = e.Truths[unclear]
			e.Asked[handmade] = []Asking{{At: at(5), Accepted: true}}
		}, []string{"wrong"}},
		"nothing, where the first of two such requests had no answer": {func(e *Evidence) {
			o := e.Outcomes[handmade]
			e.Again[handmade], e.Reissued[handmade] = o, at(3)
			e.Truths[handmade] = e.Truths[unclear]
			e.Asked[handmade] = []Asking{{At: at(4)}, {At: at(5), Accepted: true}}
		}, nil},
		"a second request that did not end": {func(e *Evidence) {
			e.Accepted[given]++
		}, []string{"requests without an end of their own"}},
		"nothing, where a request was cancelled before the next": {func(e *Evidence) {
			e.Accepted[given] += 2
			e.Events[given] = []outcome.Status{outcome.Dead, outcome.Dead}
			e.Cancelled[given] = []Cancellation{{"", at(5), at(6), outcome.Called}, {"", at(7), at(8), outcome.Called}}
			e.Asked[given] = append(e.Asked[given], Asking{Batch: "", At: at(9), Accepted: true}, Asking{Batch: "", At: at(10), Accepted: true})
		}, nil},
		"a second request that did not end, cancelled too early or too late": {func(e *Evidence) {
			e.Accepted[given]++
			e.Cancelled[given] = []Cancellation{{"", at(0), at(0), outcome.Called}, {"", at(12), at(12), outcome.Called}}
			e.Asked[given] = append(e.Asked[given], Asking{Batch: "", At: at(9), Accepted: true})
		}, []string{"requests without an end of their own"}},
		"no outcome at all": {func(e *Evidence) {
			delete(e.Outcomes, done)
		}, []string{"lost", "batch differences"}},
		"never ended": {func(e *Evidence) {
			change(e, done, func(o *outcome.Outcome) { o.Status = outcome.Retrying })
			e.Open = []string{done}
		}, []string{"lost", "stuck", "batch differences"}},
		"said to be revoked": {func(e *Evidence) {
			e.Truths[done] = iamporttest.Truth{Issued: true}
		}, []string{"wrong"}},
		"given up, but revoked": {func(e *Evidence) {
			e.Truths[given] = iamporttest.Truth{Issued: true, RevokedAt: time.Unix(1, 0)}
		}, []string{"wrong"}},
		"revoked by a DELETE of no effect": {func(e *Evidence) {
			e.Truths[done] = revokedByHand(tasks.KCP)
		}, []string{"wrong"}},
		"revoked by hand where a lookup tells": {func(e *Evidence) {
			e.Truths[handmade] = revokedByHand(tasks.KCP)
		}, []string{"wrong"}},
		"revoked by hand, and said to be refused": {func(e *Evidence) {
			change(e, handmade, func(o *outcome.Outcome) { o.Reason = outcome.ReasonRefused })
		}, []string{"wrong"}},
		"revoked by a DELETE, and said to be exhausted": {func(e *Evidence) {
			e.Truths[handmade] = e.Truths[unclear]
		}, []string{"wrong"}},
		"nothing, where all who knew of the DELETE are gone": {func(e *Evidence) {
			e.Truths[handmade] = e.Truths[unclear]
			e.Unnoticed[handmade] = true
		}, nil},
		"the same, where a lookup tells": {func(e *Evidence) {
			e.Truths[given] = iamporttest.Truth{Issued: true, RevokedAt: time.Unix(1, 0)}
			e.Unnoticed[given] = true
		}, []string{"wrong"}},
		"a receipt that fails, given up too early": {func(e *Evidence) {
			change(e, spent, func(o *outcome.Outcome) { o.Reason = outcome.ReasonNotIssued })
		}, []string{"every DELETE fails, not given up"}},
		"unconfirmed where a lookup tells": {func(e *Evidence) {
			change(e, given, func(o *outcome.Outcome) { o.Reason = outcome.ReasonUnconfirmed })
		}, []string{"wrong", "batch differences"}},
		"open for ever": {func(e *Evidence) {
			e.Open = []string{done}
		}, []string{"stuck"}},
		"took effect twice": {func(e *Evidence) {
			e.Truths[done] = iamporttest.Truth{RevokedAt: time.Unix(1, 0), Effective: 2}
		}, []string{"revoked twice"}},
		"counted twice": {func(e *Evidence) {
			e.Stats.RevokedTwice = 1
		}, []string{"revoked twice"}},
		"no event": {func(e *Evidence) {
			delete(e.Events, done)
		}, []string{"missing events", "requests without an end of their own"}},
		"an event of something else": {func(e *Evidence) {
			e.Events[done] = []outcome.Status{outcome.Revoked, outcome.Dead}
		}, []string{"missing events"}},
		"revoked twice by one request": {func(e *Evidence) {
			e.Events[done] = []outcome.Status{outcome.Revoked, outcome.Revoked}
		}, []string{"ended twice by one request"}},
		"nothing, where a further receipt was asked for": {func(e *Evidence) {
			e.Events[done] = []outcome.Status{outcome.Revoked, outcome.Revoked}
			e.Again[done] = e.Outcomes[done]
		}, nil},
		"nothing, where the answer to a further request was lost, which was made anew": {func(e *Evidence) {
			e.Events[done] = []outcome.Status{outcome.Revoked, outcome.Revoked, outcome.Revoked}
			e.Again[done] = e.Outcomes[done]
			e.Asked[done] = append(e.Asked[done], Asking{}, Asking{Accepted: true})
		}, nil},
		"dead twice by one request": {func(e *Evidence) {
			e.Events[given] = []outcome.Status{outcome.Dead, outcome.Dead}
		}, []string{"ended twice by one request"}},
		"nothing, where a letter was retried": {func(e *Evidence) {
			e.Events[given] = []outcome.Status{outcome.Dead, outcome.Dead}
			e.Ask(given, Asking{Accepted: true})
		}, nil},
		"no letter": {func(e *Evidence) {
			delete(e.Dead, given)
		}, []string{"dead-letter differences"}},
		"nothing, where a letter was discarded": {func(e *Evidence) {
			delete(e.Dead, given)
			e.Discarded[given] = true
		}, nil},
		"a letter of what is revoked": {func(e *Evidence) {
			e.Dead[done] = true
		}, []string{"dead-letter differences"}},
		"a letter of nobody": {func(e *Evidence) {
			e.Dead["imp_000000000009"] = true
		}, []string{"dead-letter differences"}},
		"a task left": {func(e *Evidence) {
			e.Left = map[string]string{done: "active on receipts-kcp"}
		}, []string{"left in queues"}},
		"a batch that counted one twice": {func(e *Evidence) {
			b := e.Batches["soak-1"]
			b.Revoked++
			e.Batches["soak-1"] = b
		}, []string{"batch differences"}},
		"a batch that does not end": {func(e *Evidence) {
			b := e.Batches["soak-1"]
			b.FinishedAt = time.Time{}
			e.Batches["soak-1"] = b
		}, []string{"batch differences"}},
		"a batch with another reason": {func(e *Evidence) {
			e.Batches["soak-1"].Reasons[outcome.ReasonRefused]++
		}, []string{"batch differences"}},
		"a batch that nobody heard of": {func(e *Evidence) {
			delete(e.Finished, "soak-1")
		}, []string{"batch differences"}},
		"an archive that Asynq trims": {func(e *Evidence) {
			e.InArchive = 10_000
		}, []string{"archived by Asynq"}},
		"a redirect that was followed": {func(e *Evidence) {
			e.Stats.Calls = map[iamporttest.Operation]map[int]int{iamporttest.OpRedirected: {200: 1}}
		}, []string{"misdirected calls"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := healthy()
			tt.plant(&e)
			var got []string
			for _, check := range Checks {
				if f := check(&e); f.Failed() {
					got = append(got, f.Name)
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
	e.Stats.Duplicates = 4
	if got := duplicateDeletes(&e); got.Count != 4 || got.Failed() {
		t.Errorf("duplicate DELETE calls: got %+v, want 4 and no failure", got)
	}
}
