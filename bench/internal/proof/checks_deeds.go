package proof

import (
	"slices"
	"time"

	"receiptrevoker/tasks/outcome"
)

const (
	// ownDeletes is how many DELETEs the attempt may still make that ran when its
	// request was cancelled: its own, and another with a fresh token after a 401.
	ownDeletes = 2
	// archiveGrace is how long a probe of a gate may take that had chosen a task just
	// before a person archived it.
	archiveGrace = 5 * time.Second
	// betweenCalls is how long the lookup of an attempt may be before its DELETE takes
	// effect.
	betweenCalls = time.Second
)

// calledAfterCancel finds DELETEs for what had been cancelled, unless an attempt was
// running or somebody has asked again, and those for lines that were never asked for.
func calledAfterCancel(e *Evidence) Finding {
	found := slices.DeleteFunc(slices.Clone(e.Refused), func(impUID string) bool { return len(e.Deletes[impUID]) == 0 })
	for impUID, all := range e.Cancelled {
		for _, c := range all {
			allowed := 0
			switch c.Withdrawal {
			case outcome.Withdrawn, outcome.Called:
			case outcome.Running:
				allowed = ownDeletes
			default:
				continue
			}
			if !e.askedSince(impUID, c.Batch, c.Began) && e.DeletesSince(impUID, c.Returned) > allowed {
				found = append(found, impUID)
				break
			}
		}
	}
	return which("called after they were cancelled", found)
}

// notWithdrawn finds requests that were cancelled before any call, and did not end as
// withdrawn although nobody asked again. Where Redis lost something it may have been a
// call, and a dead letter says so if no lookup can tell.
func notWithdrawn(e *Evidence) Finding {
	var found []string
	for impUID, all := range e.Cancelled {
		o := e.Outcomes[impUID]
		if o.Status == outcome.Dead && (o.Reason == outcome.ReasonWithdrawn || e.forgot && undecided(o)) {
			continue
		}
		if slices.ContainsFunc(all, func(c Cancellation) bool {
			return c.Withdrawal == outcome.Withdrawn && !e.askedSince(impUID, c.Batch, c.Began)
		}) {
			found = append(found, impUID)
		}
	}
	return which("cancelled before a call, ended otherwise", found)
}

// wantedNotCalled finds imp_uids of batches that were cancelled for which somebody else
// had asked as well, and that were withdrawn, or neither called nor revoked.
func wantedNotCalled(e *Evidence) Finding {
	var found []string
	for name, recorded := range e.Recorded {
		for _, impUID := range e.Lists[name][:recorded] {
			wanted := slices.ContainsFunc(e.Asked[impUID], func(a Asking) bool {
				_, cancelled := e.Recorded[a.Batch]
				return a.Accepted && !a.Retried && !cancelled
			})
			o := e.Outcomes[impUID] // one that was revoked by hand needs no call
			if wanted && o.Status != outcome.Revoked && (o.Reason == outcome.ReasonWithdrawn || len(e.Deletes[impUID]) == 0) {
				found = append(found, impUID)
			}
		}
	}
	return which("cancelled with a batch, wanted by others, not called", found)
}

// calledAfterArchiving finds DELETEs for what a person had archived, unless somebody
// has asked again.
func calledAfterArchiving(e *Evidence) Finding {
	var found []string
	for impUID, at := range e.Archived {
		if !e.askedSince(impUID, "", at.Add(-archiveGrace)) && e.DeletesSince(impUID, at.Add(archiveGrace)) > 0 {
			found = append(found, impUID)
		}
	}
	return which("called after a person archived them", found)
}

// revokedUnasked finds receipts that are revoked although nobody asked for them: each
// has followed the one that was asked for. What follows between the lookup and the DELETE
// of an attempt nobody can tell.
func revokedUnasked(e *Evidence) Finding {
	var found []string
	for impUID, at := range e.Reissued {
		truth := e.Truths[impUID]
		if _, again := e.Again[impUID]; !again && truth.Revoked() && truth.RevokedAt.Sub(at) > betweenCalls {
			found = append(found, impUID)
		}
	}
	return which("issued afterwards, revoked unasked", found)
}

// endedUnseen finds imp_uids for which more requests were accepted than ended. One that
// was cancelled and asked for again before its end shares that of the new one.
func endedUnseen(e *Evidence) Finding {
	var found []string
	for impUID, requests := range e.Accepted {
		if len(e.Events[impUID]) < requests-e.askedAnew(impUID) {
			found = append(found, impUID)
		}
	}
	return which("requests without an end of their own", found)
}

// endedTwice finds imp_uids that the stream calls revoked twice in a row although no
// producer asked for a further receipt, or dead although none asked for anything again.
func endedTwice(e *Evidence) Finding {
	var found []string
	for impUID, events := range e.Events {
		again := make(map[outcome.Status]int)
		for i := 1; i < len(events); i++ {
			if events[i] == events[i-1] {
				again[events[i]]++
			}
		}
		further := 0
		if _, asked := e.Again[impUID]; asked {
			further = 1
		}
		if again[outcome.Revoked] > further || again[outcome.Dead] > max(0, len(e.Asked[impUID])-1) {
			found = append(found, impUID)
		}
	}
	return which("ended twice by one request", found)
}

// baseless finds outcomes for which nobody has given a reason: withdrawn or given up
// as archived, and nobody cancelled or archived it; another receipt, and there is none.
func baseless(e *Evidence) Finding {
	var found []string
	for impUID, o := range e.Outcomes {
		switch o.Reason {
		case outcome.ReasonWithdrawn, outcome.ReasonCrashed:
			if e.Touched[impUID] {
				continue
			}
		case outcome.ReasonReissued:
			if !e.Reissued[impUID].IsZero() {
				continue
			}
		default:
			continue
		}
		found = append(found, impUID)
	}
	return which("withdrawn, archived or re-issued by nobody", found)
}
