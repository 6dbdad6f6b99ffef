package main

import (
	"slices"
	"sync"
	"time"

	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/iamport/iamporttest"
)

// history is what was done to each imp_uid, and when.
type history struct {
	mu sync.Mutex
	// accepted are the imp_uids whose revocation was promised to a producer, and how
	// many requests for each were new, as far as Redis' replies came.
	accepted map[string]int
	asked    map[string][]asking
	// cancelled tells what each cancellation that returned came to. What may have
	// been cancelled is touched, even if no reply came; so is what may be archived.
	cancelled map[string][]cancellation
	touched   map[string]bool
	archived  map[string]time.Time // when a person had archived the task
	reissued  map[string]time.Time // when another receipt followed the one that was revoked
	// again is the outcome that a request had before the receipt was asked for again.
	again   map[string]outcome.Outcome
	deletes map[string][]time.Time // when each DELETE arrived
}

// asking is one call of a producer that asks for an imp_uid.
type asking struct {
	batch    string    // empty for a single request
	at       time.Time // its answer
	accepted bool
}

// cancellation is what became of a request by a call that cancels it.
type cancellation struct {
	batch           string // which was cancelled; empty for the request alone
	began, returned time.Time
	outcome.Withdrawal
}

func newHistory() *history {
	return &history{
		accepted: make(map[string]int), asked: make(map[string][]asking),
		cancelled: make(map[string][]cancellation), touched: make(map[string]bool),
		archived: make(map[string]time.Time), reissued: make(map[string]time.Time),
		again: make(map[string]outcome.Outcome), deletes: make(map[string][]time.Time),
	}
}

// note makes an entry.
func (h *history) note(entry func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	entry()
}

// accept notes that a request was promised, which may be a new one.
func (h *history) accept(impUID string, isNew bool) {
	h.note(func() {
		count := h.accepted[impUID]
		if isNew {
			count++
		}
		h.accepted[impUID] = count
	})
}

// ask notes that somebody who asked for an imp_uid has an answer, or has given up.
func (h *history) ask(impUID, batch string, accepted bool) {
	h.note(func() {
		h.asked[impUID] = append(h.asked[impUID], asking{batch, time.Now(), accepted})
	})
}

// call notes a call that PortOne gets.
func (h *history) call(c iamporttest.Call) {
	if c.Operation == iamporttest.OpRevoke {
		h.note(func() { h.deletes[c.ImpUID] = append(h.deletes[c.ImpUID], c.At) })
	}
}

// sorted returns all imp_uids that were accepted.
func (h *history) sorted() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := make([]string, 0, len(h.accepted))
	for impUID := range h.accepted {
		all = append(all, impUID)
	}
	slices.Sort(all)
	return all
}

// askedSince reports whether somebody but the given batch asked for an imp_uid by a
// call that ended after the given time.
func (h *history) askedSince(impUID, besides string, since time.Time) bool {
	return slices.ContainsFunc(h.asked[impUID], func(a asking) bool {
		return a.at.After(since) && (besides == "" || a.batch != besides)
	})
}

// askedAnew returns how often an imp_uid was asked for, accepted, and cancelled before
// it was asked for again.
func (h *history) askedAnew(impUID string) (count int) {
	accepted := slices.DeleteFunc(slices.Clone(h.asked[impUID]), func(a asking) bool { return !a.accepted })
	slices.SortFunc(accepted, func(a, b asking) int { return a.at.Compare(b.at) })
	for i := 1; i < len(accepted); i++ {
		if slices.ContainsFunc(h.cancelled[impUID], func(c cancellation) bool {
			return c.returned.After(accepted[i-1].at) && c.began.Before(accepted[i].at)
		}) {
			count++
		}
	}
	return count
}

// deletesSince returns how many DELETEs for an imp_uid arrived after a time.
func (h *history) deletesSince(impUID string, since time.Time) (count int) {
	for _, at := range h.deletes[impUID] {
		if at.After(since) {
			count++
		}
	}
	return count
}
