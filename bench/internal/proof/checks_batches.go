package proof

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"receiptrevoker/tasks/outcome"
)

// batchDifference finds batches whose counts differ from the outcomes of their imp_uids, and those that
// were not published as finished although all lines are terminal. Each must be published once, or more
// often if a person or a producer reopened it. A batch that was cancelled while it was asked for has
// the lines that were recorded before.
func batchDifference(e *Evidence) Finding {
	var found, of, details []string
	for name, impUIDs := range e.Lists {
		if recorded, cancelled := e.Recorded[name]; cancelled {
			impUIDs = impUIDs[:recorded]
		}
		b := e.Batches[name]
		published := e.Finished[name]
		// Five conditions: all lines are counted, none is open, the batch says so itself, its
		// counts are the outcomes', and the stream of batches has as many entries as it may.
		if b.Asked() != len(impUIDs) || b.Open != 0 || !b.Finished() || !e.shows(b, impUIDs) ||
			published < 1 || published > 1 && !e.mayReopen(b, impUIDs) {
			found, of = append(found, name), append(of, e.suspects(impUIDs)...)
			details = append(details, fmt.Sprintf(
				"%s counts %d lines, %d open, %v, and has finished %d times; its %d lines ended as %v",
				name, b.Asked(), b.Open, b.Reasons, published, len(impUIDs), e.ends(impUIDs)))
		}
	}
	f := which("batch differences", found)
	f.Of, f.Details = of, details
	return f
}

// suspects returns imp_uids for a person to look at: those first that were asked for or cancelled more
// than once, or retried, since the counts of a batch are hardest to keep there.
func (e *Evidence) suspects(impUIDs []string) []string {
	all := slices.Clone(impUIDs)
	slices.SortStableFunc(all, func(a, b string) int {
		return cmp.Compare(len(e.Asked[b])+len(e.Cancelled[b]), len(e.Asked[a])+len(e.Cancelled[a]))
	})
	return all
}

// ends returns how many imp_uids ended for each reason, and under an empty reason how many did not.
func (e *Evidence) ends(impUIDs []string) map[outcome.Reason]int {
	ended := make(map[outcome.Reason]int)
	for _, impUID := range impUIDs {
		o := e.Outcomes[impUID]
		if !o.Status.Terminal() {
			o.Reason = ""
		}
		ended[o.Reason]++
	}
	return ended
}

// mayReopen reports whether a batch may have finished more than once: a person retried a dead letter of
// it, or a producer asked once more for what had been withdrawn.
func (e *Evidence) mayReopen(b outcome.Batch, impUIDs []string) bool {
	return slices.ContainsFunc(impUIDs, func(impUID string) bool { return e.askedSince(impUID, b.Name, time.Time{}) })
}

// shows reports whether a batch's counts are those of the outcomes of its imp_uids. A line that was
// withdrawn and asked for once more may have been counted with either end, since the withdrawal and the
// new request race: the counts of reasons may exceed the outcomes' by as many as there are such lines,
// and by no more.
func (e *Evidence) shows(b outcome.Batch, impUIDs []string) bool {
	ended, either := make(map[outcome.Reason]int), 0
	for _, impUID := range impUIDs {
		before, again := e.Again[impUID]
		switch {
		// The receipt was asked for anew: the batch keeps the end of its own request.
		case again:
			ended[before.Reason]++
		case e.Touched[impUID] && e.askedSince(impUID, b.Name, time.Time{}):
			either++
		case e.Outcomes[impUID].Status.Terminal():
			ended[e.Outcomes[impUID].Reason]++
		}
	}
	// more is how many lines are counted for reasons that no outcome has now.
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
