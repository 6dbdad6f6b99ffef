package iamporttest

import (
	"slices"
	"sync"
	"time"

	"receiptrevoker/tasks"
)

// Rule says when a fault happens. Rules are tried in the order they were given; the first that applies,
// and whose chance hits, decides the call. Only calls with a valid token meet rules, and calls for a
// token those of their own.
type Rule struct {
	ImpUID   string        // of calls for this imp_uid; "" = any
	PG       tasks.Gateway // of calls for receipts of this gateway; "" = any
	Receipts float64       // of the receipts, 0 to 100, the same ones at every call; 0 means all
	Percent  float64       // of those calls, 0 to 100; 0 means all
	Times    int           // at most so often for each imp_uid; 0 = for ever
	Lookup   bool          // of GET calls instead of DELETE calls
	Token    bool          // of calls for a token, which are for no receipt, instead
	Fault    Fault

	RetryAfter time.Duration // of [TooManyRequests], [Unavailable] and a [Page]; 0 = no header
	Delay      time.Duration // of [SlowAfter] and [CutLate]; 0 = 70s
}

// numbered is a rule with its number among all the rules ever given, which keeps its chance and its
// count apart from every other's.
type numbered struct {
	Rule
	number int
}

// of reports whether the rule is of calls of an operation.
func (rule numbered) of(op Operation) bool {
	if rule.Token || op == OpToken {
		return rule.Token && op == OpToken
	}
	return rule.Lookup == (op == OpLookup)
}

// about reports whether the rule is about calls for r.
func (rule numbered) about(r Receipt, d dice) bool {
	return (rule.ImpUID == "" || rule.ImpUID == r.ImpUID) &&
		(rule.PG == "" || rule.PG == r.PG) &&
		(rule.Receipts == 0 || fraction(d.roll(r.ImpUID, forReceipts, uint64(rule.number)))*100 < rule.Receipts)
}

// rulebook holds the rules in force. A slice that was read never changes, so that calls read it without
// a copy.
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

func (b *rulebook) add(rules ...Rule) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, rule := range rules {
		b.rules = append(b.rules, numbered{rule, b.given})
		b.given++
	}
}

// lift takes one rule off that equals the given one, and reports whether there was one.
func (b *rulebook) lift(rule Rule) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.rules, func(other numbered) bool { return other.Rule == rule })
	if i >= 0 {
		b.rules = slices.Delete(slices.Clone(b.rules), i, i+1)
	}
	return i >= 0
}

func (b *rulebook) clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rules = nil
}
