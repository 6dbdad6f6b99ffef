package iamporttest

import (
	"iter"
	"slices"
	"sync"
	"time"
)

// Truth is what the server knows of an imp_uid, whatever it answered.
type Truth struct {
	Receipt
	Issued    bool      `json:"issued"`              // false: no receipt was ever issued
	RevokedAt time.Time `json:"revoked_at,omitzero"` // zero while it is not revoked, by hand or by a DELETE
	Deletes   int       `json:"deletes"`             // DELETE calls that arrived, refused ones included
	Lookups   int       `json:"lookups"`             // GET calls that arrived, refused ones included
	Effective int       `json:"effective"`           // DELETE calls that took effect: 0 or 1
}

// Revoked reports whether the receipt is revoked.
func (t Truth) Revoked() bool { return !t.RevokedAt.IsZero() }

// entry is the record of an imp_uid. Its lock makes simultaneous calls for the
// same receipt one after the other; it is never held while a call waits.
type entry struct {
	mu      sync.Mutex
	truth   Truth
	decided bool        // whether it is settled that a receipt exists, or none does
	reached [2]uint64   // calls that carried a valid token: DELETE, GET
	fired   map[int]int // how often a limited rule has applied, by its number
}

const shards = 64

// ledger holds the entries, in shards so that calls hardly ever wait for each
// other.
type ledger struct {
	shards [shards]struct {
		mu      sync.RWMutex
		entries map[string]*entry
	}
}

func (l *ledger) init() {
	for i := range l.shards {
		l.shards[i].entries = make(map[string]*entry)
	}
}

// find returns the entry of impUID, or nil.
func (l *ledger) find(impUID string) *entry {
	shard := &l.shards[dice{}.roll(impUID)%shards]
	shard.mu.RLock()
	defer shard.mu.RUnlock()
	return shard.entries[impUID]
}

// open returns the entry of impUID, which it makes if there is none.
func (l *ledger) open(impUID string) *entry {
	if e := l.find(impUID); e != nil {
		return e
	}
	shard := &l.shards[dice{}.roll(impUID)%shards]
	shard.mu.Lock()
	defer shard.mu.Unlock()
	e := shard.entries[impUID]
	if e == nil {
		e = &entry{truth: Truth{Receipt: Receipt{ImpUID: impUID}}}
		shard.entries[impUID] = e
	}
	return e
}

// impUIDs returns the imp_uids of all entries, sorted.
func (l *ledger) impUIDs() []string {
	var all []string
	for i := range l.shards {
		shard := &l.shards[i]
		shard.mu.RLock()
		for impUID := range shard.entries {
			all = append(all, impUID)
		}
		shard.mu.RUnlock()
	}
	slices.Sort(all)
	return all
}

// Issue records that receipts were issued. A payment that already has a receipt
// keeps the one it has.
func (s *Server) Issue(receipts ...Receipt) {
	for _, r := range receipts {
		e := s.ledger.open(r.ImpUID)
		e.mu.Lock()
		if !e.truth.Issued {
			e.issue(s.complete(r))
		}
		e.mu.Unlock()
	}
}

// issue gives e its receipt. The caller holds e's lock.
func (e *entry) issue(r Receipt) {
	e.truth.Receipt, e.truth.Issued, e.decided = r, true, true
	e.truth.RevokedAt = r.CancelledAt
}

// Truth returns what the server knows of impUID, and false if it was neither
// issued nor called for.
func (s *Server) Truth(impUID string) (Truth, bool) {
	e := s.ledger.find(impUID)
	if e == nil {
		return Truth{}, false
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.truth, true
}

// Truths returns what the server knows of every imp_uid that was issued or
// called for, sorted by imp_uid. Those that appear meanwhile may be missing.
func (s *Server) Truths() iter.Seq[Truth] {
	return func(yield func(Truth) bool) {
		for _, impUID := range s.ledger.impUIDs() {
			if t, ok := s.Truth(impUID); ok && !yield(t) {
				return
			}
		}
	}
}
