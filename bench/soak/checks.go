package main

import (
	"maps"
	"slices"
	"time"

	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/iamport/iamporttest"
)

// finding is how many imp_uids a check found, and which.
type finding struct {
	name    string
	allowed int // how many are no failure; negative for any number
	count   int
	impUIDs []string // of which there may be fewer than the count
}

// failed reports whether there are more than there may be.
func (f finding) failed() bool { return f.allowed >= 0 && f.count > f.allowed }

// mostArchived is where Asynq begins to trim its archive without a word.
const mostArchived = 9_999

// checks are made in the end, in the order of the report.
var checks = []func(*evidence) finding{
	lost, wrong, notGivenUp, stuck, revokedTwice, missingEvents, endedUnseen, deadSetDifference, leftInQueues,
	batchDifference, calledAfterCancel, notWithdrawn, wantedNotCalled, calledAfterArchiving, revokedUnasked, baseless,
	archive, misdirected, unconfirmed, duplicateDeletes, duplicateEvents,
}

// which returns a finding of which none is allowed.
func which(name string, impUIDs []string) finding {
	slices.Sort(impUIDs)
	return finding{name: name, count: len(impUIDs), impUIDs: impUIDs}
}

// lost finds what was accepted and has no terminal outcome.
func lost(e *evidence) finding {
	var found []string
	for impUID := range e.accepted {
		if !e.outcomes[impUID].Status.Terminal() {
			found = append(found, impUID)
		}
	}
	return which("lost", found)
}

// wrong finds outcomes that contradict PortOne: revoked where it is not, or by a
// DELETE where none took effect, and given up where it is, unless the dead letter
// says that nobody can tell, and nobody can, or PortOne never said so, or was not asked.
func wrong(e *evidence) finding {
	var found []string
	for impUID, o := range e.outcomes {
		truth := e.truthOf(o)
		is := truth.Revoked()
		switch {
		case o.Status == outcome.Revoked && !is,
			o.Reason == outcome.ReasonRevoked && truth.Effective == 0,
			o.Status == outcome.Dead && is && !undecided(o) && !untold(o, truth) && !unasked(o, truth),
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
func notGivenUp(e *evidence) finding {
	var found []string
	for impUID, o := range e.outcomes {
		if !e.failing[impUID] || e.truthOf(o).Revoked() {
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
func stuck(e *evidence) finding { return which("stuck", slices.Clone(e.open)) }

// revokedTwice finds DELETEs that took effect a second time.
func revokedTwice(e *evidence) finding {
	var found []string
	for impUID, truth := range e.truths {
		again := func(t iamporttest.Truth) bool { return t.Effective > 1 }
		if again(truth) || slices.ContainsFunc(e.earlier[impUID], again) {
			found = append(found, impUID)
		}
	}
	f := which("revoked twice", found)
	f.count = max(f.count, e.stats.RevokedTwice)
	return f
}

// missingEvents finds terminal outcomes of which the stream does not say last
// what they are.
func missingEvents(e *evidence) finding {
	var found []string
	for impUID, o := range e.outcomes {
		events := e.events[impUID]
		if o.Status.Terminal() && (len(events) == 0 || events[len(events)-1] != o.Status) {
			found = append(found, impUID)
		}
	}
	return which("missing events", found)
}

// deadSetDifference finds dead outcomes that are not on the list of dead
// letters, and letters whose outcome is not dead.
func deadSetDifference(e *evidence) finding {
	var found []string
	for impUID, o := range e.outcomes {
		if (o.Status == outcome.Dead) != e.dead[impUID] {
			found = append(found, impUID)
		}
	}
	for impUID := range e.dead {
		if _, known := e.outcomes[impUID]; !known {
			found = append(found, impUID)
		}
	}
	return which("dead-letter differences", found)
}

// batchDifference finds batches that do not show what became of their imp_uids,
// or that were not published once as finished, all of them being terminal. One that was
// cancelled has the lines that were recorded before.
func batchDifference(e *evidence) finding {
	var found []string
	for name, impUIDs := range e.lists {
		if recorded, cancelled := e.recorded[name]; cancelled {
			impUIDs = impUIDs[:recorded]
		}
		b := e.batches[name]
		if b.Asked() != len(impUIDs) || b.Open != 0 || !b.Finished() || e.finished[name] != 1 || !e.shows(b, impUIDs) {
			found = append(found, name)
		}
	}
	return which("batch differences", found)
}

// shows reports whether a batch shows what became of its imp_uids. Of one that was
// withdrawn and asked for once more it has counted either end.
func (e *evidence) shows(b outcome.Batch, impUIDs []string) bool {
	ended, either := make(map[outcome.Reason]int), 0
	for _, impUID := range impUIDs {
		before, again := e.again[impUID]
		switch {
		case again:
			ended[before.Reason]++
		case e.touched[impUID] && e.askedSince(impUID, b.Name, time.Time{}):
			either++
		case e.outcomes[impUID].Status.Terminal():
			ended[e.outcomes[impUID].Reason]++
		}
	}
	more := 0
	for _, reason := range outcome.TerminalReasons() {
		if b.Reasons[reason] < ended[reason] {
			return false
		}
		more += b.Reasons[reason] - ended[reason]
	}
	revoked := b.Reasons[outcome.ReasonRevoked] + b.Reasons[outcome.ReasonAlreadyRevoked]
	return more == either && b.Revoked == revoked && b.Revoked+b.Dead == len(impUIDs)
}

// leftInQueues finds tasks that Asynq would still give to somebody.
func leftInQueues(e *evidence) finding {
	return which("left in queues", slices.Collect(maps.Keys(e.left)))
}

// archive finds how many tasks Asynq has archived.
func archive(e *evidence) finding {
	return finding{name: "archived by Asynq", allowed: mostArchived, count: e.inArchive}
}

// misdirected finds calls that must never be made: where a redirect led, and of
// endpoints that are not ours.
func misdirected(e *evidence) finding {
	f := finding{name: "misdirected calls"}
	for _, op := range []iamporttest.Operation{
		iamporttest.OpRedirected, iamporttest.OpExternal, iamporttest.OpOther,
	} {
		f.count += e.stats.Total(op)
	}
	return f
}

// unconfirmed finds dead letters which rightly say that nobody can tell.
func unconfirmed(e *evidence) finding {
	var found []string
	for impUID, o := range e.outcomes {
		if o.Status == outcome.Dead && undecided(o) {
			found = append(found, impUID)
		}
	}
	f := which("unconfirmed", found)
	f.allowed = -1
	return f
}

// duplicateDeletes finds calls for what was revoked already.
func duplicateDeletes(e *evidence) finding {
	return finding{name: "duplicate DELETE calls", allowed: -1, count: e.stats.Duplicates}
}

// duplicateEvents finds entries of the stream that say what was said already.
func duplicateEvents(e *evidence) finding {
	f := finding{name: "duplicate events", allowed: -1}
	for impUID, events := range e.events {
		if again := len(events) - len(slices.Compact(slices.Clone(events))); again > 0 {
			f.count += again
			f.impUIDs = append(f.impUIDs, impUID)
		}
	}
	return f
}
