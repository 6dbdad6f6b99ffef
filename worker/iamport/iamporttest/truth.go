package iamporttest

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"
)

// Truth is what the server knows of an imp_uid, whatever it answered: of its latest
// receipt, and how often it was called.
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
	atWork  bool        // whether a DELETE is at work of which the connection was cut
	decided bool        // whether it is settled that a receipt exists, or none does
	reached [2]uint64   // calls that carried a valid token: DELETE, GET
	fired   map[int]int // how often a limited rule has applied, by its number
	earlier []Truth     // of the receipts before the latest, when each was followed by the next
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

// Reissue records that the receipt of a payment, which is revoked, was followed by
// another under the same imp_uid, as after a partial refund: with numbers of its own,
// issued now, and not revoked. A zero amount is what remains, half of the one before.
// It reports false, and changes nothing, where there is no receipt, or one that is not
// revoked.
func (s *Server) Reissue(impUID string, amount int64) (Receipt, bool) {
	e := s.ledger.open(impUID)
	e.mu.Lock()
	defer e.mu.Unlock()
	was := e.truth
	if !was.Revoked() {
		return Receipt{}, false
	}
	e.earlier = append(e.earlier, was)
	number := fmt.Sprintf("%09d", s.dice.roll(impUID, forDetails, uint64(len(e.earlier)))%1_000_000_000)
	r := s.complete(Receipt{
		ImpUID: impUID, PG: was.PG, Type: was.Type, Amount: cmp.Or(amount, was.Amount/2),
		ReceiptTID: "tid" + number, ApplyNum: number, ReceiptURL: "https://receipts.invalid/" + number,
		AppliedAt: later(s.now(), was.AppliedAt),
	})
	e.issue(r)
	e.truth.Effective = 0
	return r, true
}

// later returns now in whole seconds, or the first second after was if that is not
// later.
func later(now, was time.Time) time.Time {
	if now = now.Truncate(time.Second); now.After(was) {
		return now
	}
	return was.Add(time.Second)
}

// Earlier returns what the server knew of each receipt of impUID that another has
// followed, the oldest first, at that moment.
func (s *Server) Earlier(impUID string) []Truth {
	e := s.ledger.open(impUID)
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.earlier)
}

// Revoke revokes a receipt as a person does in PortOne's console, or a DELETE that was
// still at work. It reports false where there is none, or it is revoked.
func (s *Server) Revoke(impUID string) bool {
	e := s.ledger.open(impUID)
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.truth.Issued || e.truth.Revoked() {
		return false
	}
	e.truth.RevokedAt = s.now()
	return true
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
