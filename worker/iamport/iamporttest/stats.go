package iamporttest

import (
	"maps"
	"sync"
)

// Stats counts what a server has seen and done since it was made.
type Stats struct {
	// Calls counts calls by operation and by the status they were answered. The
	// status 0 means that there was no answer.
	Calls map[Operation]map[int]int `json:"calls"`
	// Faults counts the calls that a rule decided, by fault.
	Faults map[Fault]int `json:"faults"`
	// Tokens counts distinct tokens.
	Tokens int `json:"tokens"`
	// MaxConcurrent is the largest number of calls that were in progress at once.
	MaxConcurrent int `json:"max_concurrent"`
	// Revoked counts the DELETE calls that took effect.
	Revoked int `json:"revoked"`
	// RevokedTwice counts the imp_uids for which more than one DELETE took
	// effect. Anything but 0 is a defect of the server.
	RevokedTwice int `json:"revoked_twice"`
	// Duplicates counts the DELETE calls, with a valid token, for a receipt that
	// was already revoked, however they were answered.
	Duplicates int `json:"duplicates"`
	// DuringOutage counts the DELETE calls that failed because the gateway was
	// down. See [Server.SetOutage].
	DuringOutage int `json:"during_outage"`
	// LeakedTokens counts the calls that followed a redirect with a token.
	LeakedTokens int `json:"leaked_tokens"`
}

// Total returns how many calls of op there were, whatever their status.
func (s Stats) Total(op Operation) int {
	total := 0
	for _, n := range s.Calls[op] {
		total += n
	}
	return total
}

// tally is where statistics are kept.
type tally struct {
	mu      sync.Mutex
	stats   Stats
	current int // calls in progress
}

// change makes a change to the statistics. It must be quick: every call makes
// several.
func (t *tally) change(f func(*Stats)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stats.Calls == nil {
		t.stats.Calls, t.stats.Faults = make(map[Operation]map[int]int), make(map[Fault]int)
	}
	f(&t.stats)
}

// enter counts a call in, and returns what counts it out.
func (t *tally) enter() (leave func()) {
	t.change(func(s *Stats) {
		t.current++
		s.MaxConcurrent = max(s.MaxConcurrent, t.current)
	})
	return func() { t.change(func(*Stats) { t.current-- }) }
}

func (t *tally) answered(op Operation, status int) {
	t.change(func(s *Stats) {
		if s.Calls[op] == nil {
			s.Calls[op] = make(map[int]int)
		}
		s.Calls[op][status]++
	})
}

// revoked counts a revocation that was the nth of its imp_uid. An imp_uid is counted as revoked twice
// once, however often that was.
func (t *tally) revoked(nth int) {
	t.change(func(s *Stats) {
		s.Revoked++
		if nth == 2 {
			s.RevokedTwice++
		}
	})
}

// copy returns the statistics of this moment. The maps are copied: the caller reads them while calls
// are counted.
func (t *tally) copy() (stats Stats) {
	t.change(func(current *Stats) {
		stats = *current
		stats.Faults = maps.Clone(current.Faults)
		stats.Calls = make(map[Operation]map[int]int, len(current.Calls))
		for op, byStatus := range current.Calls {
			stats.Calls[op] = maps.Clone(byStatus)
		}
	})
	return stats
}
