// Package proof holds what Redis says of requests in the end against what was asked for,
// what people did meanwhile, and what PortOne knows. The soak and the simulation share it.
package proof

import (
	"maps"
	"slices"
	"sync"
	"time"

	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/iamport/iamporttest"
)

// History is what was done to each imp_uid, and when. Those who act note it as they do, from many
// goroutines: everything but the checks in the end goes through [History.Note].
type History struct {
	mu sync.Mutex
	// Accepted are the imp_uids whose revocation was promised to a producer, and how many requests for
	// each were new, as far as Redis' replies came. An imp_uid with 0 was promised without a new
	// request, as where a reply was lost.
	Accepted map[string]int
	// Asked is what producers asked for, in the order in which they got their answers.
	Asked map[string][]Asking
	// Cancelled has the effect of each cancellation that returned. What may have been cancelled is
	// Touched, even if no reply came; so is what may be archived.
	Cancelled map[string][]Cancellation
	Touched   map[string]bool
	// Archived is when a person had archived the task, by the reply of that call.
	Archived map[string]time.Time
	// Reissued is when another receipt followed the one that was revoked, under the same imp_uid.
	Reissued map[string]time.Time
	// Discarded are those that a person may have taken off the list of dead letters.
	Discarded map[string]bool
	// Unnoticed are those whose revocation Redis forgot, while every worker died that could have
	// noticed it. Where no lookup exists, no call can tell any more that they are revoked.
	Unnoticed map[string]bool
	// Again is the outcome that a request had before the receipt was asked for again.
	Again map[string]outcome.Outcome
	// Deletes is when each DELETE arrived at PortOne.
	Deletes map[string][]time.Time
	forgot  bool // whether Redis lost something
}

// Asking is one call of a producer that asks for an imp_uid.
type Asking struct {
	Began    time.Time // when it was called; zero for not known
	Batch    string    // empty for a single request
	At       time.Time // its answer
	Accepted bool
	New      bool // whether the request was new
	Retried  bool // of a dead letter, which belongs to those who had asked for it
}

// Cancellation is the effect on a request of a call that cancels it.
type Cancellation struct {
	Batch              string // which was cancelled; empty for the request alone
	Began, Returned    time.Time
	outcome.Withdrawal // empty if the answer was lost: see [History.Untold]
}

// NewHistory returns an empty history.
func NewHistory() *History {
	return &History{
		Accepted: make(map[string]int), Asked: make(map[string][]Asking),
		Cancelled: make(map[string][]Cancellation), Touched: make(map[string]bool),
		Archived: make(map[string]time.Time), Reissued: make(map[string]time.Time),
		Discarded: make(map[string]bool), Unnoticed: make(map[string]bool),
		Again: make(map[string]outcome.Outcome), Deletes: make(map[string][]time.Time),
	}
}

// Note makes an entry, with the history locked. entry must not call another method of the history that
// locks it.
func (h *History) Note(entry func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	entry()
}

// Promise notes that a request stands, whoever asked for it. It counts no new request: an imp_uid that
// is not known yet gets a count of 0, and so has to end like any other.
func (h *History) Promise(impUID string) {
	h.Note(func() { h.Accepted[impUID] += 0 })
}

// Ask notes that a producer who asked for an imp_uid has an answer now, or has given up. At is set
// here, since what counts is when the producer knew. A line is new to its batch once: where Redis lost the
// batch between recording a line and the answer, the batch is given once more, and may find the request recorded by
// an attempt.
func (h *History) Ask(impUID string, a Asking) {
	a.At = time.Now()
	h.Note(func() {
		a.New = a.New && (a.Batch == "" || !slices.ContainsFunc(h.Asked[impUID], func(before Asking) bool {
			return before.New && before.Batch == a.Batch
		}))
		h.Asked[impUID] = append(h.Asked[impUID], a)
		switch {
		case a.Accepted && a.New:
			h.Accepted[impUID]++
		case a.Accepted:
			h.Accepted[impUID] += 0
		}
	})
}

// Forget strikes out what was promised and done since a time, because Redis lost it, and returns the
// imp_uids whose requests may be gone: their producers must ask again, as README says of a Redis that
// loses its last second. What was done before stays promised.
func (h *History) Forget(since time.Time) (lost []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.forgot = true
	for impUID, all := range h.Asked {
		// A request that was accepted in the time that was lost is no longer promised. One without
		// an answer was not promised anyway.
		kept := slices.DeleteFunc(slices.Clone(all), func(a Asking) bool { return a.Accepted && !a.At.Before(since) })
		for _, a := range all {
			if a.Accepted && a.New && !a.At.Before(since) {
				h.Accepted[impUID]--
			}
		}
		if len(kept) < len(all) {
			lost = append(lost, impUID)
		}
		h.Asked[impUID] = kept
	}
	for impUID, all := range h.Cancelled {
		h.Cancelled[impUID] = slices.DeleteFunc(all, func(c Cancellation) bool { return !c.Returned.Before(since) })
	}
	maps.DeleteFunc(h.Archived, func(_ string, at time.Time) bool { return !at.Before(since) })
	slices.Sort(lost)
	return lost
}

// Untold notes that an earlier call may have cancelled imp_uids although its answer was lost: they were
// to be cancelled, and the last call, which got an answer, did not name them. A producer who has asked
// since has made a new request.
func (h *History) Untold(batch string, began time.Time, impUIDs []string) {
	h.Note(func() {
		for _, impUID := range impUIDs {
			if !slices.ContainsFunc(h.Cancelled[impUID], func(c Cancellation) bool { return c.Batch == batch }) {
				h.Cancelled[impUID] = append(h.Cancelled[impUID], Cancellation{Batch: batch, Began: began, Returned: time.Now()})
			}
		}
	})
}

// Call notes a call that PortOne gets. Of these only DELETEs are compared.
func (h *History) Call(c iamporttest.Call) {
	if c.Operation == iamporttest.OpRevoke {
		h.Note(func() { h.Deletes[c.ImpUID] = append(h.Deletes[c.ImpUID], c.At) })
	}
}

// Sorted returns all imp_uids that were accepted, in order.
func (h *History) Sorted() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := make([]string, 0, len(h.Accepted))
	for impUID := range h.Accepted {
		all = append(all, impUID)
	}
	slices.Sort(all)
	return all
}

// askedSince reports whether a producer asked for an imp_uid by a call that ended after the given time.
// Calls for the batch besides do not count; an empty besides leaves out none.
func (h *History) askedSince(impUID, besides string, since time.Time) bool {
	return slices.ContainsFunc(h.Asked[impUID], func(a Asking) bool {
		return a.At.After(since) && (besides == "" || a.Batch != besides)
	})
}

// askedAnew returns how often an imp_uid was asked for, accepted, and cancelled before it was asked for
// again. Such a pair of requests may have one end or two: the second is recorded over the first, unless
// a sweep has ended that before.
func (h *History) askedAnew(impUID string) (count int) {
	accepted := slices.DeleteFunc(slices.Clone(h.Asked[impUID]), func(a Asking) bool { return !a.Accepted })
	slices.SortFunc(accepted, func(a, b Asking) int { return a.At.Compare(b.At) })
	for i := 1; i < len(accepted); i++ {
		if slices.ContainsFunc(h.Cancelled[impUID], func(c Cancellation) bool {
			return c.Returned.After(earliest(accepted[i-1], accepted[i])) && c.Began.Before(accepted[i].At)
		}) {
			count++
		}
	}
	return count
}

// earliest returns when either of two askings can have taken effect, at the earliest. Calls overlap:
// the answer of a list may come after that of a later request, although its line was recorded before.
func earliest(a, b Asking) time.Time {
	at := a.At
	for _, began := range []time.Time{a.Began, b.Began} {
		if !began.IsZero() && began.Before(at) {
			at = began
		}
	}
	return at
}

// DeletesSince returns how many DELETEs for an imp_uid arrived after a time, successful or not.
func (h *History) DeletesSince(impUID string, since time.Time) (count int) {
	for _, at := range h.Deletes[impUID] {
		if at.After(since) {
			count++
		}
	}
	return count
}
