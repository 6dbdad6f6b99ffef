package proof

import (
	"slices"

	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/iamport/iamporttest"
)

// Finding is how many imp_uids a check found, and which.
type Finding struct {
	Name    string
	Allowed int // how many are no failure; negative for any number
	Count   int
	ImpUIDs []string // of which there may be fewer than the count; of batches their names
	Of      []string // the imp_uids of those batches, the ones first that somebody asked for more than once
	Details []string // what was found and what was expected
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

// those returns a finding of those imp_uids of which none should be bad.
func those[V any](name string, all map[string]V, bad func(impUID string, v V) bool) Finding {
	var found []string
	for impUID, v := range all {
		if bad(impUID, v) {
			found = append(found, impUID)
		}
	}
	return which(name, found)
}

// lost finds what was accepted and has no terminal outcome.
func lost(e *Evidence) Finding {
	return those("lost", e.Accepted, func(impUID string, _ int) bool { return !e.Outcomes[impUID].Status.Terminal() })
}

// wrong finds outcomes that contradict PortOne: revoked where it is not, or by a
// DELETE where none took effect, and given up where it is, unless the dead letter
// says that nobody can tell, and nobody can, or PortOne never said so, or was not asked, or
// all who knew of it are gone, or that another receipt stands there now, about which
// [revokedUnasked] judges.
func wrong(e *Evidence) Finding {
	return those("wrong", e.Outcomes, func(impUID string, o outcome.Outcome) bool {
		truth := e.truthOf(o)
		is := truth.Revoked()
		return o.Status == outcome.Revoked && !is ||
			o.Reason == outcome.ReasonRevoked && truth.Effective == 0 ||
			o.Status == outcome.Dead && is && o.Reason != outcome.ReasonReissued && !undecided(o) &&
				!untold(o, truth) && !unasked(o, truth) && !(e.Unnoticed[impUID] && !o.PG.LooksUp()) ||
			o.Reason == outcome.ReasonUnconfirmed && o.PG.LooksUp()
	})
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
	return those("every DELETE fails, not given up", e.Outcomes, func(impUID string, o outcome.Outcome) bool {
		switch o.Reason {
		case outcome.ReasonAttemptsExhausted, outcome.ReasonWithdrawn, outcome.ReasonCrashed, outcome.ReasonReissued:
			return false
		}
		return e.Failing[impUID] && !e.truthOf(o).Revoked() && !undecided(o)
	})
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
	again := func(t iamporttest.Truth) bool { return t.Effective > 1 }
	f := those("revoked twice", e.Truths, func(impUID string, truth iamporttest.Truth) bool {
		return again(truth) || slices.ContainsFunc(e.Earlier[impUID], again)
	})
	f.Count = max(f.Count, e.Stats.RevokedTwice)
	return f
}

// missingEvents finds terminal outcomes of which the stream does not say last
// what they are.
func missingEvents(e *Evidence) Finding {
	return those("missing events", e.Outcomes, func(impUID string, o outcome.Outcome) bool {
		events := e.Events[impUID]
		return o.Status.Terminal() && (len(events) == 0 || events[len(events)-1] != o.Status)
	})
}

// deadSetDifference finds dead outcomes that are not on the list of dead
// letters though nobody took them off, and letters whose outcome is not dead.
func deadSetDifference(e *Evidence) Finding {
	missing := those("", e.Outcomes, func(impUID string, o outcome.Outcome) bool {
		dead := o.Status == outcome.Dead
		return dead != e.Dead[impUID] && !(dead && e.Discarded[impUID])
	})
	unknown := those("", e.Dead, func(impUID string, _ bool) bool {
		_, known := e.Outcomes[impUID]
		return !known
	})
	return which("dead-letter differences", slices.Concat(missing.ImpUIDs, unknown.ImpUIDs))
}

// leftInQueues finds tasks that Asynq would still give to somebody.
func leftInQueues(e *Evidence) Finding {
	return those("left in queues", e.Left, func(string, string) bool { return true })
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
	f := those("unconfirmed", e.Outcomes, func(_ string, o outcome.Outcome) bool {
		return o.Status == outcome.Dead && undecided(o)
	})
	f.Allowed = -1
	return f
}

// duplicateDeletes finds calls for what was revoked already.
func duplicateDeletes(e *Evidence) Finding {
	return Finding{Name: "duplicate DELETE calls", Allowed: -1, Count: e.Stats.Duplicates}
}
