package proof

import (
	"slices"
	"time"

	"receiptrevoker/tasks/outcome"
)

// batchDifference finds batches that do not show what became of their imp_uids, or that
// were not published as finished, all of them being terminal: once, unless a person or a
// producer reopened them. One that was cancelled has the lines that were recorded before.
func batchDifference(e *Evidence) Finding {
	var found []string
	for name, impUIDs := range e.Lists {
		if recorded, cancelled := e.Recorded[name]; cancelled {
			impUIDs = impUIDs[:recorded]
		}
		b := e.Batches[name]
		published := e.Finished[name]
		if b.Asked() != len(impUIDs) || b.Open != 0 || !b.Finished() || !e.shows(b, impUIDs) ||
			published < 1 || published > 1 && !e.mayReopen(b, impUIDs) {
			found = append(found, name)
		}
	}
	return which("batch differences", found)
}

// mayReopen reports whether a batch may have finished more than once: a person retried a
// dead letter of it, or a producer asked once more for what had been withdrawn.
func (e *Evidence) mayReopen(b outcome.Batch, impUIDs []string) bool {
	return slices.ContainsFunc(impUIDs, func(impUID string) bool { return e.askedSince(impUID, b.Name, time.Time{}) })
}

// shows reports whether a batch shows what became of its imp_uids. Of one that was
// withdrawn and asked for once more it has counted either end.
func (e *Evidence) shows(b outcome.Batch, impUIDs []string) bool {
	ended, either := make(map[outcome.Reason]int), 0
	for _, impUID := range impUIDs {
		before, again := e.Again[impUID]
		switch {
		case again:
			ended[before.Reason]++
		case e.Touched[impUID] && e.askedSince(impUID, b.Name, time.Time{}):
			either++
		case e.Outcomes[impUID].Status.Terminal():
			ended[e.Outcomes[impUID].Reason]++
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
