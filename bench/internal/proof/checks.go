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
	Of      []string // the imp_uids of those batches, those first that were requested more than once
	Details []string // what was found and what was expected
}

// Failed reports whether there are more than there may be.
func (f Finding) Failed() bool { return f.Allowed >= 0 && f.Count > f.Allowed }

// mostArchived is where Asynq begins to trim its archive without a word: maxArchiveSize, 10,000, in its
// internal/rdb/rdb.go. What is trimmed could not be compared.
const mostArchived = 9_999

// Checks are made in the end, in the order of the report: first what must never happen, then what is
// only counted.
var Checks = []func(*Evidence) Finding{
	lost, wrong, notGivenUp, stuck, revokedTwice, missingEvents, endedUnseen, deadSetDifference, leftInQueues,
	batchDifference, calledAfterCancel, notWithdrawn, wantedNotCalled, calledAfterArchiving, revokedUnasked, baseless,
	archive, misdirected, unconfirmed, duplicateDeletes, endedTwice,
}

// which returns a finding of which none is allowed, with its imp_uids in order, so that two reports can
// be compared.
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

// lost finds requests that were accepted and have no terminal outcome.
func lost(e *Evidence) Finding {
	return those("lost", e.Accepted, func(impUID string, _ int) bool { return !e.Outcomes[impUID].Status.Terminal() })
}

// wrong finds outcomes that contradict PortOne: revoked where the receipt is not, revoked by a DELETE
// where none took effect, and dead where the receipt is revoked. Such a dead letter is right in six
// cases: it says that it is unconfirmed, and no lookup exists for its gateway; PortOne never said that
// it is revoked, see [untold]; PortOne was never asked, see [unasked]; Redis lost the revocation, no
// worker lived to notice that, and no lookup exists, see [History.Unnoticed]; or another receipt has
// taken its place, about which [revokedUnasked] judges. Unconfirmed is always wrong where a lookup
// exists.
func wrong(e *Evidence) Finding {
	return those("wrong", e.Outcomes, func(impUID string, o outcome.Outcome) bool {
		truth := e.truthOf(o)
		is := truth.Revoked()
		return o.Status == outcome.Revoked && !is ||
			o.Reason == outcome.ReasonRevoked && truth.Effective == 0 ||
			o.Status == outcome.Dead && is && o.Reason != outcome.ReasonReissued && !undecided(o) &&
				!untold(o, truth) && !unasked(o, truth) && !e.askedOver(o) && !(e.Unnoticed[impUID] && !o.PG.LooksUp()) ||
			o.Reason == outcome.ReasonUnconfirmed && o.PG.LooksUp()
	})
}

// untold reports whether the receipt was revoked by hand where no lookup exists, and was given up after
// every DELETE failed, or because a person archived it: no answer of PortOne's told of the revocation.
func untold(o outcome.Outcome, truth iamporttest.Truth) bool {
	return !truth.CancelledAt.IsZero() && truth.Effective == 0 && !truth.PG.LooksUp() &&
		(o.Reason == outcome.ReasonAttemptsExhausted || o.Reason == outcome.ReasonCrashed)
}

// unasked reports whether the receipt was revoked by hand, and its request was withdrawn before any
// call.
func unasked(o outcome.Outcome, truth iamporttest.Truth) bool {
	return o.Reason == outcome.ReasonWithdrawn && truth.Effective == 0
}

// askedOver reports whether a producer asked for the receipt of now once more, since it had no answer the
// first time: the second request may come after the end of the first, and find its receipt revoked.
// Without lookups, PortOne's 500 tells nothing of that.
func (e *Evidence) askedOver(o outcome.Outcome) bool {
	_, again := e.Again[o.ImpUID]
	unanswered := func(a Asking) bool { return !a.Accepted && a.At.After(e.Reissued[o.ImpUID]) }
	return again && !o.PG.LooksUp() && o.Reason == outcome.ReasonAttemptsExhausted &&
		slices.ContainsFunc(e.Asked[o.ImpUID], unanswered)
}

// notGivenUp finds receipts that should be dead letters by the rules and ended otherwise: every DELETE
// for them fails, and no person revoked them by hand. Right are dead letters that say that all attempts
// failed, that no call can tell what the DELETE did during which a process died, or what a person did;
// the last is checked by [baseless].
func notGivenUp(e *Evidence) Finding {
	return those("every DELETE fails, not given up", e.Outcomes, func(impUID string, o outcome.Outcome) bool {
		switch o.Reason {
		case outcome.ReasonAttemptsExhausted, outcome.ReasonWithdrawn, outcome.ReasonCrashed, outcome.ReasonReissued:
			return false
		}
		return e.Failing[impUID] && !e.truthOf(o).Revoked() && !undecided(o)
	})
}

// undecided reports whether an outcome says, and rightly, that no documented call can tell whether the
// receipt is revoked.
func undecided(o outcome.Outcome) bool {
	return o.Reason == outcome.ReasonUnconfirmed && !o.PG.LooksUp()
}

// stuck finds open requests, in the end.
func stuck(e *Evidence) Finding { return which("stuck", slices.Clone(e.Open)) }

// revokedTwice finds DELETEs that took effect a second time. This is the promise that counts most: of
// the same imp_uid it would revoke a receipt that was issued anew. The simulated PortOne's own count is
// compared, too, since it knows of imp_uids that were never asked for.
func revokedTwice(e *Evidence) Finding {
	again := func(t iamporttest.Truth) bool { return t.Effective > 1 }
	f := those("revoked twice", e.Truths, func(impUID string, truth iamporttest.Truth) bool {
		return again(truth) || slices.ContainsFunc(e.Earlier[impUID], again)
	})
	f.Count = max(f.Count, e.Stats.RevokedTwice)
	return f
}

// missingEvents finds terminal outcomes whose last entry in the stream says something else, or that
// have none.
func missingEvents(e *Evidence) Finding {
	return those("missing events", e.Outcomes, func(impUID string, o outcome.Outcome) bool {
		events := e.Events[impUID]
		return o.Status.Terminal() && (len(events) == 0 || events[len(events)-1] != o.Status)
	})
}

// deadSetDifference finds dead outcomes that are missing from the list of dead letters although no
// person took them off, and letters on the list whose outcome is not dead or not known.
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

// leftInQueues finds tasks that Asynq would still give to a worker, though all requests have ended.
func leftInQueues(e *Evidence) Finding {
	return those("left in queues", e.Left, func(string, string) bool { return true })
}

// archive counts the tasks that Asynq has archived.
func archive(e *Evidence) Finding {
	return Finding{Name: "archived by Asynq", Allowed: mostArchived, Count: e.InArchive}
}

// misdirected finds calls that a worker must never make: to where a redirect led, which would be given
// the token, and of endpoints that are not used.
func misdirected(e *Evidence) Finding {
	f := Finding{Name: "misdirected calls"}
	for _, op := range []iamporttest.Operation{
		iamporttest.OpRedirected, iamporttest.OpExternal, iamporttest.OpOther,
	} {
		f.Count += e.Stats.Total(op)
	}
	return f
}

// unconfirmed counts dead letters which rightly say that no call can tell. They are no failure: each
// costs a person a look into PortOne's console.
func unconfirmed(e *Evidence) Finding {
	f := those("unconfirmed", e.Outcomes, func(_ string, o outcome.Outcome) bool {
		return o.Status == outcome.Dead && undecided(o)
	})
	f.Allowed = -1
	return f
}

// duplicateDeletes counts DELETEs for receipts that were revoked already. They take no effect, and
// follow mostly from answers that were lost.
func duplicateDeletes(e *Evidence) Finding {
	return Finding{Name: "duplicate DELETE calls", Allowed: -1, Count: e.Stats.Duplicates}
}
