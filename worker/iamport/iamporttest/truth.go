package iamporttest

import (
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

// entry is the record of an imp_uid. Its lock makes simultaneous calls for the same receipt one after
// the other; it is never held while a call waits.
type entry struct {
	mu      sync.Mutex
	truth   Truth
	atWork  bool        // whether a DELETE is at work of which the connection was cut
	decided bool        // whether it is settled that a receipt exists, or none does
	reached [2]uint64   // calls that carried a valid token: DELETE, GET
	fired   map[int]int // how often a limited rule has applied, by its number
	earlier []Truth     // of the receipts before the latest, when each was followed by the next
}

// issue gives e its receipt. The caller holds e's lock.
func (e *entry) issue(r Receipt) {
	e.truth.Receipt, e.truth.Issued, e.decided = r, true, true
	e.truth.RevokedAt = r.CancelledAt
}

// ledger holds the entries, by imp_uid. An entry is never taken out.
type ledger struct{ entries sync.Map }

// find returns the entry of impUID, or nil.
func (l *ledger) find(impUID string) *entry {
	e, _ := l.entries.Load(impUID)
	found, _ := e.(*entry)
	return found
}

// open returns the entry of impUID, which it makes if there is none.
func (l *ledger) open(impUID string) *entry {
	if e := l.find(impUID); e != nil {
		return e
	}
	e, _ := l.entries.LoadOrStore(impUID, &entry{truth: Truth{Receipt: Receipt{ImpUID: impUID}}})
	return e.(*entry)
}

// impUIDs returns the imp_uids of all entries, sorted.
func (l *ledger) impUIDs() (all []string) {
	l.entries.Range(func(impUID, _ any) bool {
		all = append(all, impUID.(string))
		return true
	})
	slices.Sort(all)
	return all
}
