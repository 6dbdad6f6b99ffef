package proof

import (
	"maps"
	"slices"

	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/iamport/iamporttest"
)

// Finding is how many imp_uids a check found, and which.
type Finding struct {
	Name    string
	Allowed int // how many are no failure; negative for any number
	Count   int
	ImpUIDs []string // of which there may be fewer than the count
}

// Failed reports whether there are more than there may be.
func (f Finding) Failed() bool { return f.Allowed >= 0 && f.Count > f.Allowed }

// mostArchived is where Asynq begins to trim its archive without a word.
const mostArchived = 9_999

// Checks are made in the end, in the order of the report.
var Checks = []func(*Evidence) Finding{
	lost, wrong, notGivenUp, stuck, revokedTwice, missingEvents, endedUnseen, deadSetDifference, leftInQueues,
	batchDifference, calledAfterCancel, notWithdrawn, wantedNotCalled, calledAfterArchiving, revokedUnasked, baseless,
	archive, misdirected, unconfirmed, duplicateDeletes, endedTwice,
}

// which returns a finding of which none is allowed.
func which(name string, impUIDs []string) Finding {
	slices.Sort(impUIDs)
	return Finding{Name: name, Count: len(impUIDs), ImpUIDs: impUIDs}
}

// lost finds what was accepted and has no terminal outcome.
func lost(e *Evidence) Finding {
	var found []string
	for impUID := range e.Accepted {
		if !e.Outcomes[impUID].Status.Terminal() {
			found = append(found, impUID)
		}
	}
	return which("lost", found)
}

// wrong finds outcomes that contradict PortOne: revoked where it is not, or by a
// DELETE where none took effect, and given up where it is, unless the dead letter
// says that nobody can tell, and nobody can, or PortOne never said so, or was not asked, or
// all who knew of it are gone, or that another receipt stands there now, about which
// [revokedUnasked] judges.
func wrong(e *Evidence) Finding {
	var found []string
	for impUID, o := range e.Outcomes {
		truth := e.truthOf(o)
		is := truth.Revoked()
		switch {
		case o.Status == outcome.Revoked && !is,
			o.Reason == outcome.ReasonRevoked && truth.Effective == 0,
			o.Status == outcome.Dead && is && o.Reason != outcome.ReasonReissued && !undecided(o) &&
				!untold(o, truth) && !unasked(o, truth) && !(e.Unnoticed[impUID] && !o.PG.LooksUp()),
			o.Reason == outcome.ReasonUnconfirmed && o.PG.LooksUp():
			found = append(found, impUID)
		}
	}
	return which("wrong", found)
}

// untold reports whether the receipt was revoked by hand where no lookup exists,
// and was given up after every DELETE failed, or a person archived it: PortOne told
// nobody.
func untold(o outcome.Outcome, truth iamporttest.Truth) bool {
	return !truth.CancelledAt.IsZero() && truth.Effective == 0 && !truth.PG.LooksUp() &&
		(o.Reason == outcome.ReasonAttemptsExhausted || o.Reason == outcome.ReasonCrashed)
}

// unasked reports whether the receipt was revoked by hand, and its request withdrawn
// before any call.
func unasked(o outcome.Outcome, truth iamporttest.Truth) bool {
	return o.Reason == outcome.ReasonWithdrawn && truth.Effective == 0
}

// notGivenUp finds receipts whose every DELETE fails, and that nobody revoked by
// hand, but for those whose dead letter says that all attempts failed, that nobody can
// tell what the one came to in which a process died, or what somebody did, which
// [baseless] checks.
func notGivenUp(e *Evidence) Finding {
	var found []string
	for impUID, o := range e.Outcomes {
		if !e.Failing[impUID] || e.truthOf(o).Revoked() {
			continue
		}
		switch o.Reason {
		case outcome.ReasonAttemptsExhausted, outcome.ReasonWithdrawn, outcome.ReasonCrashed, outcome.ReasonReissued:
			continue
		}
		if !undecided(o) {
			found = append(found, impUID)
		}
	}
	return which("every DELETE fails, not given up", found)
}

// undecided reports whether nobody can tell, by any documented call, what
// became of the receipt.
func undecided(o outcome.Outcome) bool {
	return o.Reason == outcome.ReasonUnconfirmed && !o.PG.LooksUp()
}

// stuck finds what somebody should go on with, in the end.
func stuck(e *Evidence) Finding { return which("stuck", slices.Clone(e.Open)) }

// revokedTwice finds DELETEs that took effect a second time.
func revokedTwice(e *Evidence) Finding {
	var found []string
	for impUID, truth := range e.Truths {
		again := func(t iamporttest.Truth) bool { return t.Effective > 1 }
		if again(truth) || slices.ContainsFunc(e.Earlier[impUID], again) {
			found = append(found, impUID)
		}
	}
	f := which("revoked twice", found)
	f.Count = max(f.Count, e.Stats.RevokedTwice)
	return f
}

// missingEvents finds terminal outcomes of which the stream does not say last
// what they are.
func missingEvents(e *Evidence) Finding {
	var found []string
	for impUID, o := range e.Outcomes {
		events := e.Events[impUID]
		if o.Status.Terminal() && (len(events) == 0 || events[len(events)-1] != o.Status) {
			found = append(found, impUID)
		}
	}
	return which("missing events", found)
}

// deadSetDifference finds dead outcomes that are not on the list of dead
// letters though nobody took them off, and letters whose outcome is not dead.
func deadSetDifference(e *Evidence) Finding {
	var found []string
	for impUID, o := range e.Outcomes {
		if dead := o.Status == outcome.Dead; dead != e.Dead[impUID] && !(dead && e.Discarded[impUID]) {
			found = append(found, impUID)
		}
	}
	for impUID := range e.Dead {
		if _, known := e.Outcomes[impUID]; !known {
			found = append(found, impUID)
		}
	}
	return which("dead-letter differences", found)
}

// leftInQueues finds tasks that Asynq would still give to somebody.
func leftInQueues(e *Evidence) Finding {
	return which("left in queues", slices.Collect(maps.Keys(e.Left)))
}

// archive finds how many tasks Asynq has archived.
func archive(e *Evidence) Finding {
	return Finding{Name: "archived by Asynq", Allowed: mostArchived, Count: e.InArchive}
}

// misdirected finds calls that must never be made: where a redirect led, and of
// endpoints that are not ours.
func misdirected(e *Evidence) Finding {
	f := Finding{Name: "misdirected calls"}
	for _, op := range []iamporttest.Operation{
		iamporttest.OpRedirected, iamporttest.OpExternal, iamporttest.OpOther,
	} {
		f.Count += e.Stats.Total(op)
	}
	return f
}

// unconfirmed finds dead letters which rightly say that nobody can tell.
func unconfirmed(e *Evidence) Finding {
	var found []string
	for impUID, o := range e.Outcomes {
		if o.Status == outcome.Dead && undecided(o) {
			found = append(found, impUID)
		}
	}
	f := which("unconfirmed", found)
	f.Allowed = -1
	return f
}

// duplicateDeletes finds calls for what was revoked already.
func duplicateDeletes(e *Evidence) Finding {
	return Finding{Name: "duplicate DELETE calls", Allowed: -1, Count: e.Stats.Duplicates}
}
