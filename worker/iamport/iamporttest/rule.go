package iamporttest

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"receiptrevoker/tasks"
)

// Rule says when a fault happens. Rules are tried in the order they were given;
// the first that applies, and whose chance hits, decides the call. Only calls
// with a valid token meet rules.
type Rule struct {
	ImpUID   string        // of calls for this imp_uid; "" = any
	PG       tasks.Gateway // of calls for receipts of this gateway; "" = any
	Receipts float64       // of the receipts, 0 to 100, the same ones at every call; 0 means all
	Percent  float64       // of those calls, 0 to 100; 0 means all
	Times    int           // at most so often for each imp_uid; 0 = for ever
	Lookup   bool          // of GET calls instead of DELETE calls
	Fault    Fault

	RetryAfter time.Duration // of [TooManyRequests], [Unavailable] and a [Page]; 0 = no header
	Delay      time.Duration // of [SlowAfter] and [CutLate]; 0 = 70s
}

// numbered is a rule with its number among all the rules ever given, which
// keeps its chance and its count apart from every other's.
type numbered struct {
	Rule
	number int
}

// about reports whether the rule is about calls for r.
func (rule numbered) about(r Receipt, d dice) bool {
	return (rule.ImpUID == "" || rule.ImpUID == r.ImpUID) &&
		(rule.PG == "" || rule.PG == r.PG) &&
		(rule.Receipts == 0 || fraction(d.roll(r.ImpUID, forReceipts, uint64(rule.number)))*100 < rule.Receipts)
}

// rulebook holds the rules in force. A slice that was read never changes.
type rulebook struct {
	mu    sync.RWMutex
	rules []numbered
	given int
}

func (b *rulebook) inForce() []numbered {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.rules
}

// Inject adds rules after those in force. It panics if a rule's fault is not
// [Fault.Known]: a rule that can never happen is a mistake of the caller.
func (s *Server) Inject(rules ...Rule) {
	b := &s.rules
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, rule := range rules {
		if !rule.Fault.Known() {
			panic(fmt.Sprintf("iamporttest: no such fault: %q", rule.Fault))
		}
		b.rules = append(b.rules, numbered{rule, b.given})
		b.given++
	}
}

// Lift takes one rule that equals the given one off those in force. It reports false if
// there is none.
func (s *Server) Lift(rule Rule) bool {
	b := &s.rules
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.rules, func(other numbered) bool { return other.Rule == rule })
	if i >= 0 {
		b.rules = slices.Delete(slices.Clone(b.rules), i, i+1)
	}
	return i >= 0
}

// Clear drops all rules. Outages stay.
func (s *Server) Clear() {
	s.rules.mu.Lock()
	defer s.rules.mu.Unlock()
	s.rules.rules = nil
}

// Rules returns the rules in force, in the order they are tried.
func (s *Server) Rules() []Rule {
	var all []Rule
	for _, rule := range s.rules.inForce() {
		all = append(all, rule.Rule)
	}
	return slices.Clip(all)
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

// choose returns the rule that decides the call, or the zero Rule. The caller
// holds the entry's lock.
func (s *Server) choose(c *call) Rule {
	e := c.entry
	for _, rule := range s.rules.inForce() {
		if rule.Lookup != (c.Operation == OpLookup) || !rule.about(e.truth.Receipt, s.dice) ||
			rule.Times > 0 && e.fired[rule.number] >= rule.Times ||
			rule.Percent > 0 && fraction(c.roll(forRules+uint64(rule.number)))*100 >= rule.Percent {
			continue
		}
		if rule.Times > 0 {
			if e.fired == nil {
				e.fired = make(map[int]int)
			}
			e.fired[rule.number]++
		}
		s.tally.change(func(s *Stats) { s.Faults[rule.Fault]++ })
		return rule.Rule
	}
	return Rule{}
}
