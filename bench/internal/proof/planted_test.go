package proof

import (
	"time"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/iamport/iamporttest"
)

const (
	done     = "imp_000000000001" // revoked, on both sides
	given    = "imp_000000000002" // given up, rightly
	unclear  = "imp_000000000003" // revoked, and no lookup tells
	spent    = "imp_000000000004" // every DELETE of it failed
	handmade = "imp_000000000005" // revoked by hand, which no answer told
)

// healthy is the evidence of a run in which all went well.
func healthy() Evidence {
	past := NewHistory()
	for _, impUID := range []string{done, given, unclear, spent, handmade} {
		past.Accepted[impUID] = 1
	}
	past.Asked[given] = []Asking{{Batch: "soak-1", At: at(1), Accepted: true}}
	past.Deletes[done], past.Deletes[given] = []time.Time{at(2)}, []time.Time{at(2)}
	return Evidence{
		History: past,
		Outcomes: map[string]outcome.Outcome{
			done: {
				ImpUID: done, PG: tasks.KCP, Status: outcome.Revoked, Reason: outcome.ReasonRevoked,
				Receipt: outcome.Receipt{ApplyNum: "1"},
			},
			given:    {ImpUID: given, PG: tasks.KCP, Status: outcome.Dead, Reason: outcome.ReasonNotIssued},
			unclear:  {ImpUID: unclear, PG: tasks.Settle, Status: outcome.Dead, Reason: outcome.ReasonUnconfirmed},
			spent:    {ImpUID: spent, PG: tasks.KCP, Status: outcome.Dead, Reason: outcome.ReasonAttemptsExhausted},
			handmade: {ImpUID: handmade, PG: tasks.Settle, Status: outcome.Dead, Reason: outcome.ReasonAttemptsExhausted},
		},
		Events: map[string][]outcome.Status{
			done: {outcome.Dead, outcome.Revoked}, given: {outcome.Dead}, unclear: {outcome.Dead},
			spent: {outcome.Dead}, handmade: {outcome.Dead},
		},
		Dead:  map[string]bool{given: true, unclear: true, spent: true, handmade: true},
		Lists: map[string][]string{"soak-1": {done, given}},
		Batches: map[string]outcome.Batch{"soak-1": {
			Queued: 1, Elsewhere: 1, Revoked: 1, Dead: 1, FinishedAt: time.Unix(2, 0),
			Reasons: map[outcome.Reason]int{outcome.ReasonRevoked: 1, outcome.ReasonNotIssued: 1},
		}},
		Finished: map[string]int{"soak-1": 1},
		Truths: map[string]iamporttest.Truth{
			done: {
				Issued: true, RevokedAt: at(1), Effective: 1, Receipt: iamporttest.Receipt{ImpUID: done, ApplyNum: "1"},
			},
			unclear:  {Issued: true, RevokedAt: time.Unix(1, 0), Effective: 1},
			spent:    {Issued: true},
			handmade: revokedByHand(tasks.Settle),
		},
		Failing: map[string]bool{spent: true, handmade: true},
	}
}

// byHand is when a person revoked receipts.
var byHand = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// at is a time of the run.
func at(second int64) time.Time { return time.Unix(second, 0) }

// withdraw plants that a request was cancelled at second 10, before any call, and ended
// as withdrawn.
func withdraw(e *Evidence, impUID, batch string) {
	e.Touched[impUID] = true
	e.Deletes[impUID] = nil
	e.Cancelled[impUID] = []Cancellation{{batch, at(9), at(10), outcome.Withdrawn}}
	e.Outcomes[impUID] = outcome.Outcome{ImpUID: impUID, Status: outcome.Dead, Reason: outcome.ReasonWithdrawn}
	e.Batches["soak-1"].Reasons[outcome.ReasonNotIssued]--
	e.Batches["soak-1"].Reasons[outcome.ReasonWithdrawn]++
}

// withdrawWanted plants that a request was cancelled with its batch and is withdrawn, although another one was for it.
func withdrawWanted(e *Evidence, impUID string) {
	e.Recorded = map[string]int{"soak-1": 2}
	withdraw(e, impUID, "soak-1")
	e.Asked[impUID] = append(e.Asked[impUID], Asking{Batch: "", At: at(1), Accepted: true})
}

// revokeByHand plants that a lookup showed a request that was cancelled to be for a receipt that a person had revoked.
func revokeByHand(e *Evidence, impUID string) {
	e.Truths[impUID] = revokedByHand(tasks.KCP)
	e.Outcomes[impUID] = outcome.Outcome{
		ImpUID: impUID, PG: tasks.KCP, Status: outcome.Revoked, Reason: outcome.ReasonAlreadyRevoked,
	}
	e.Events[impUID] = []outcome.Status{outcome.Revoked}
	delete(e.Dead, impUID)
	b := e.Batches["soak-1"]
	b.Revoked, b.Dead = b.Revoked+1, b.Dead-1
	b.Reasons[outcome.ReasonWithdrawn]--
	b.Reasons[outcome.ReasonAlreadyRevoked]++
	e.Batches["soak-1"] = b
}

// revokedByHand is the truth of a receipt that a person revoked.
func revokedByHand(pg tasks.Gateway) iamporttest.Truth {
	return iamporttest.Truth{
		Issued: true, RevokedAt: byHand, Receipt: iamporttest.Receipt{PG: pg, CancelledAt: byHand},
	}
}

// follow plants that another receipt followed the one that is revoked.
func follow(e *Evidence) {
	e.Reissued[done] = time.Unix(-60, 0)
	e.Earlier = map[string][]iamporttest.Truth{done: {e.Truths[done]}}
	e.Truths[done] = iamporttest.Truth{Issued: true, Receipt: iamporttest.Receipt{ImpUID: done, ApplyNum: "2"}}
}
