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

// History is what was done to each imp_uid, and when.
type History struct {
	mu sync.Mutex
	// Accepted are the imp_uids whose revocation was promised to a producer, and how
	// many requests for each were new, as far as Redis' replies came.
	Accepted map[string]int
	Asked    map[string][]Asking
	// Cancelled tells what each cancellation that returned came to. What may have
	// been cancelled is Touched, even if no reply came; so is what may be archived.
	Cancelled map[string][]Cancellation
	Touched   map[string]bool
	Archived  map[string]time.Time // when a person had archived the task
	Reissued  map[string]time.Time // when another receipt followed the one that was revoked
	// Discarded are those that a person may have taken off the list of dead letters.
	Discarded map[string]bool
	// Unnoticed are those whose revocation Redis forgot, while every worker died that could
	// have noticed it: by no lookup, nobody can tell any more.
	Unnoticed map[string]bool
	// Again is the outcome that a request had before the receipt was asked for again.
	Again   map[string]outcome.Outcome
	Deletes map[string][]time.Time // when each DELETE arrived
	forgot  bool                   // whether Redis lost something
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
	outcome.Withdrawal // empty if nobody was told: see [History.Untold]
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

// Note makes an entry.
func (h *History) Note(entry func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	entry()
}

// Promise notes that a request stands, whoever asked for it.
func (h *History) Promise(impUID string) {
	h.Note(func() { h.Accepted[impUID] += 0 })
}

// Ask notes that somebody who asked for an imp_uid has an answer now, or has given up.
func (h *History) Ask(impUID string, a Asking) {
	a.At = time.Now()
	h.Note(func() {
		h.Asked[impUID] = append(h.Asked[impUID], a)
		switch {
		case a.Accepted && a.New:
			h.Accepted[impUID]++
		case a.Accepted:
			h.Accepted[impUID] += 0
		}
	})
}

// Forget strikes out what was promised and done since a time, since Redis lost it, and
// returns the imp_uids whose requests may be gone: they must be asked for again.
func (h *History) Forget(since time.Time) (lost []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.forgot = true
	for impUID, all := range h.Asked {
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

// Untold notes of those that a cancellation was to cancel, and of which its last call did not
// tell anything, that an earlier call may have cancelled them: its answer was lost. Who has
// asked since has made a new request.
func (h *History) Untold(batch string, began time.Time, impUIDs []string) {
	h.Note(func() {
		for _, impUID := range impUIDs {
			if !slices.ContainsFunc(h.Cancelled[impUID], func(c Cancellation) bool { return c.Batch == batch }) {
				h.Cancelled[impUID] = append(h.Cancelled[impUID], Cancellation{Batch: batch, Began: began, Returned: time.Now()})
			}
		}
	})
}

// Call notes a call that PortOne gets.
func (h *History) Call(c iamporttest.Call) {
	if c.Operation == iamporttest.OpRevoke {
		h.Note(func() { h.Deletes[c.ImpUID] = append(h.Deletes[c.ImpUID], c.At) })
	}
}

// Sorted returns all imp_uids that were accepted.
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

// askedSince reports whether somebody but the given batch asked for an imp_uid by a
// call that ended after the given time.
func (h *History) askedSince(impUID, besides string, since time.Time) bool {
	return slices.ContainsFunc(h.Asked[impUID], func(a Asking) bool {
		return a.At.After(since) && (besides == "" || a.Batch != besides)
	})
}

// askedAnew returns how often an imp_uid was asked for, accepted, and cancelled before
// it was asked for again.
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

// earliest returns when either of two askings can have taken effect, at the earliest: the
// answer of a list may come after that of a later request.
func earliest(a, b Asking) time.Time {
	at := a.At
	for _, began := range []time.Time{a.Began, b.Began} {
		if !began.IsZero() && began.Before(at) {
			at = began
		}
	}
	return at
}

// DeletesSince returns how many DELETEs for an imp_uid arrived after a time.
func (h *History) DeletesSince(impUID string, since time.Time) (count int) {
	for _, at := range h.Deletes[impUID] {
		if at.After(since) {
			count++
		}
	}
	return count
}
