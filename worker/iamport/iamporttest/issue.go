package iamporttest

import (
	"cmp"
	"iter"
	"slices"
	"time"
)

// Issue records that receipts were issued. A payment that already has a receipt keeps the one it has:
// see [Server.Reissue].
func (s *Server) Issue(receipts ...Receipt) {
	for _, r := range receipts {
		e := s.ledger.open(r.ImpUID)
		e.mu.Lock()
		if !e.truth.Issued {
			e.issue(r.complete(s.dice, s.now()))
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
	r := Receipt{
		ImpUID: impUID, PG: was.PG, Type: was.Type, Amount: cmp.Or(amount, was.Amount/2),
		AppliedAt: later(s.now(), was.AppliedAt),
	}.complete(s.dice, s.now(), uint64(len(e.earlier)))
	e.issue(r)
	e.truth.Effective = 0
	return r, true
}

// later returns now in whole seconds, or the first second after was if that is not later. The API shows
// seconds alone, by which a client must be able to tell two receipts apart.
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

// Revoke revokes a receipt as a person does in PortOne's console, or a DELETE that was still at work.
// It reports false where there is none, or it is revoked. It counts as no DELETE: [Truth.Effective]
// stays.
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

// RulesAbout returns those rules in force that are about calls for the receipt of
// impUID: which of these decides a call is up to their Percent and Times. Of an
// imp_uid that has no receipt yet the gateway is not known.
func (s *Server) RulesAbout(impUID string) []Rule {
	r := Receipt{ImpUID: impUID}
	if t, ok := s.Truth(impUID); ok {
		r = t.Receipt
	}
	var about []Rule
	for _, rule := range s.rules.inForce() {
		if rule.about(r, s.dice) {
			about = append(about, rule.Rule)
		}
	}
	return about
}
