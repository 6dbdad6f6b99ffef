package iamporttest

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"receiptrevoker/tasks"
)

// Server is a simulated PortOne. It may be used by several goroutines at once.
type Server struct {
	cfg     Config
	dice    dice
	tokens  tokens
	ledger  ledger
	rules   rulebook
	outages sync.Map // of tasks.Gateway: the gateways that are down
	tally   tally
	asked   atomic.Uint64 // how many calls for a token had the right key
	mux     *http.ServeMux

	closed chan struct{}
	once   sync.Once
}

// Close ends every wait, so that the calls concerned are cut without an answer,
// now and from now on. An HTTP server that waits for its handlers, such as
// httptest's, must be closed after it. The error is always nil.
func (s *Server) Close() error {
	s.once.Do(func() { close(s.closed) })
	return nil
}

// SetOutage says whether the gateway pg is down. While it is, every DELETE of
// its receipts answers 500, before any rule is tried, and revokes nothing.
// Lookups still work: they read PortOne's own record.
func (s *Server) SetOutage(pg tasks.Gateway, on bool) {
	if on {
		s.outages.Store(pg, true)
	} else {
		s.outages.Delete(pg)
	}
}

// down reports whether the gateway pg is down.
func (s *Server) down(pg tasks.Gateway) bool {
	_, down := s.outages.Load(pg)
	return down
}

// now returns the time of the server's clock, in UTC and without a monotonic
// reading, so that two readings can be compared with ==.
func (s *Server) now() time.Time { return s.cfg.Now().Round(0).UTC() }

// Inject adds rules after those in force. It panics if a rule's fault is not
// [Fault.Known]: a rule that can never happen is a mistake of the caller.
func (s *Server) Inject(rules ...Rule) {
	for _, rule := range rules {
		if !rule.Fault.Known() {
			panic(fmt.Sprintf("iamporttest: no such fault: %q", rule.Fault))
		}
	}
	s.rules.add(rules...)
}

// Lift takes one rule that equals the given one off those in force. It reports false if
// there is none.
func (s *Server) Lift(rule Rule) bool { return s.rules.lift(rule) }

// Clear drops all rules. Outages stay.
func (s *Server) Clear() { s.rules.clear() }

// Rules returns the rules in force, in the order they are tried.
func (s *Server) Rules() []Rule {
	var all []Rule
	for _, rule := range s.rules.inForce() {
		all = append(all, rule.Rule)
	}
	return slices.Clip(all)
}

// Stats returns the statistics of this moment. Those of a call that is under way are in it as far as it
// has come.
func (s *Server) Stats() Stats {
	stats := s.tally.copy()
	stats.Tokens = s.tokens.count()
	return stats
}
