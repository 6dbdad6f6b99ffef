package proof

import (
	"slices"
	"time"

	"receiptrevoker/tasks/outcome"
)

const (
	// ownDeletes is how many DELETEs the attempt may still make that ran when its request was
	// cancelled: its own, and another with a fresh token after a 401.
	ownDeletes = 2
	// archiveGrace is how long a probe of a gate may take that had chosen a task just before a person
	// archived it: a probe makes its attempt without Asynq, and does not ask for the task's state
	// again.
	archiveGrace = 5 * time.Second
	// betweenCalls is how long the lookup of an attempt may be before its DELETE takes effect. Within
	// it another receipt can take the place of the one that was looked up, which README names as a
	// limit.
	betweenCalls = time.Second
)

// calledAfterCancel finds DELETEs for requests that had been cancelled, unless an attempt was running
// or a producer has asked again, and DELETEs for lines of a cancelled batch that were never recorded.
// How many are allowed depends on what the cancelling call was told: none for withdrawn, and
// [ownDeletes] where an attempt was running.
func calledAfterCancel(e *Evidence) Finding {
	found := slices.DeleteFunc(slices.Clone(e.Refused), func(impUID string) bool { return len(e.Deletes[impUID]) == 0 })
	allowed := map[outcome.Withdrawal]int{outcome.Withdrawn: 0, outcome.Called: 0, outcome.Running: ownDeletes}
	cancelled := those("", e.Cancelled, func(impUID string, all []Cancellation) bool {
		return slices.ContainsFunc(all, func(c Cancellation) bool {
			most, ended := allowed[c.Withdrawal]
			return ended && !e.askedSince(impUID, c.Batch, c.Began) && e.DeletesSince(impUID, c.Returned) > most
		})
	})
	return which("called after they were cancelled", append(found, cancelled.ImpUIDs...))
}

// notWithdrawn finds requests that were cancelled before any call, and did not end as withdrawn
// although no producer asked again. Where Redis lost something there may have been a call: then a
// lookup may show the receipt to be revoked, as by hand, and a dead letter says so if no lookup can
// tell.
func notWithdrawn(e *Evidence) Finding {
	return those("cancelled before a call, ended otherwise", e.Cancelled, func(impUID string, all []Cancellation) bool {
		o := e.Outcomes[impUID]
		shown := o.Status == outcome.Revoked && o.Reason == outcome.ReasonAlreadyRevoked
		if o.Reason == outcome.ReasonWithdrawn || e.forgot && (undecided(o) || shown) {
			return false
		}
		return slices.ContainsFunc(all, func(c Cancellation) bool {
			return c.Withdrawal == outcome.Withdrawn && !e.askedSince(impUID, c.Batch, c.Began)
		})
	})
}

// wantedNotCalled finds imp_uids of batches that were cancelled for which somebody else
// had asked as well, and that were withdrawn, or neither called nor revoked, unless a person has
// cancelled every request for them, or archived the task.
func wantedNotCalled(e *Evidence) Finding {
	var found []string
	for name, recorded := range e.Recorded {
		for _, impUID := range e.Lists[name][:recorded] {
			wanted := slices.ContainsFunc(e.Asked[impUID], func(a Asking) bool {
				_, cancelled := e.Recorded[a.Batch]
				return a.Accepted && !a.Retried && !cancelled
			})
			o := e.Outcomes[impUID] // one that was revoked by hand needs no call
			_, archived := e.Archived[impUID]
			// The answer to the person may have been lost: then the outcome tells, and baseless looks at that.
			archived = archived || o.Reason == outcome.ReasonCrashed
			alone := slices.ContainsFunc(e.Cancelled[impUID], func(c Cancellation) bool { return c.Batch == "" })
			uncalled := o.Reason == outcome.ReasonWithdrawn || len(e.Deletes[impUID]) == 0
			if wanted && !archived && !alone && o.Status != outcome.Revoked && uncalled {
				found = append(found, impUID)
			}
		}
	}
	return which("cancelled with a batch, wanted by others, not called", found)
}

// calledAfterArchiving finds DELETEs for requests whose task a person had archived, unless a producer
// has asked again.
func calledAfterArchiving(e *Evidence) Finding {
	return those("called after a person archived them", e.Archived, func(impUID string, at time.Time) bool {
		return !e.askedSince(impUID, "", at.Add(-archiveGrace)) && e.DeletesSince(impUID, at.Add(archiveGrace)) > 0
	})
}

// revokedUnasked finds receipts that are revoked although no request was for them: each has followed
// the one that was asked for. The exception is a receipt that was issued between the lookup and the
// DELETE of one attempt: PortOne's DELETE names no receipt.
func revokedUnasked(e *Evidence) Finding {
	return those("issued afterwards, revoked unasked", e.Reissued, func(impUID string, at time.Time) bool {
		truth := e.Truths[impUID]
		_, again := e.Again[impUID]
		return !again && truth.Revoked() && truth.RevokedAt.Sub(at) > betweenCalls
	})
}

// endedUnseen finds imp_uids with fewer ends in the stream than requests that were accepted. A request
// that was cancelled and made again before its end shares the end of the new one.
func endedUnseen(e *Evidence) Finding {
	return those("requests without an end of their own", e.Accepted, func(impUID string, requests int) bool {
		return len(e.Events[impUID]) < requests-e.askedAnew(impUID)
	})
}

// endedTwice finds imp_uids that the stream calls revoked twice in a row although no producer asked for
// a further receipt, or dead although no producer asked for anything again. For instance, an outcome
// that is written again after Redis' reply was lost must not put a second entry on the stream.
func endedTwice(e *Evidence) Finding {
	return those("ended twice by one request", e.Events, func(impUID string, events []outcome.Status) bool {
		again := make(map[outcome.Status]int)
		for i := 1; i < len(events); i++ {
			if events[i] == events[i-1] {
				again[events[i]]++
			}
		}
		further := 0
		if _, asked := e.Again[impUID]; asked {
			further = 1
			for _, a := range e.Asked[impUID] {
				// A request whose answer was lost may have been recorded all the same, and the next one
				// is a request of its own.
				if !a.Accepted {
					further++
				}
			}
		}
		return again[outcome.Revoked] > further || again[outcome.Dead] > max(0, len(e.Asked[impUID])-1)
	})
}

// baseless finds outcomes for which no person gave a reason: withdrawn, or given up as archived, and no
// person cancelled or archived it; reissued, and no other receipt was issued.
func baseless(e *Evidence) Finding {
	return those("withdrawn, archived or re-issued by nobody", e.Outcomes, func(impUID string, o outcome.Outcome) bool {
		switch o.Reason {
		case outcome.ReasonWithdrawn, outcome.ReasonCrashed:
			return !e.Touched[impUID]
		case outcome.ReasonReissued:
			return e.Reissued[impUID].IsZero()
		}
		return false
	})
}
