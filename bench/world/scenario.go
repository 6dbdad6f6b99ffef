package world

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"receiptrevoker/tasks"
	"receiptrevoker/worker/backoff"
	"receiptrevoker/worker/iamport/iamporttest"
)

// Kind is what goes wrong.
type Kind string

// The kinds of faults. A call that goes wrong at PortOne is "call:" and its fault, see
// [iamporttest.Fault], a lookup "lookup:".
const (
	Outage    Kind = "outage"     // a gateway is down: every DELETE answers 500
	Kill      Kind = "kill"       // a worker dies, and another one is started when the window ends
	Freeze    Kind = "freeze"     // a worker stops, and goes on when the window ends
	CutBefore Kind = "cut-before" // the network cuts connections before what is sent arrives
	CutAfter  Kind = "cut-after"  // the network cuts connections after what was sent has arrived
	RedisDown Kind = "redis-down"
	RedisFull Kind = "redis-full"
	ReadOnly  Kind = "redis-read-only"

	callPrefix, lookupPrefix = "call:", "lookup:"
)

// Fault is something that goes wrong in a window of time.
type Fault struct {
	Kind     Kind
	From, To time.Duration // from the start
	Rate     float64       // of what is sent or called, 0 to 1: of cuts and calls
	Worker   int           // which is killed or frozen, from 0
	PG       tasks.Gateway // which is down, or of whose receipts a call fails; any if empty
}

// String writes a fault in a line.
func (f Fault) String() string {
	return fmt.Sprintf("%8v to %8v  %s rate %.3f worker %d pg %q", f.From, f.To, f.Kind, f.Rate, f.Worker, f.PG)
}

// rule returns the rule of a fault of calls, and false for another kind.
func (f Fault) rule() (iamporttest.Rule, bool) {
	name, lookup := strings.CutPrefix(string(f.Kind), lookupPrefix)
	if !lookup {
		var call bool
		if name, call = strings.CutPrefix(string(f.Kind), callPrefix); !call {
			return iamporttest.Rule{}, false
		}
	}
	return iamporttest.Rule{Fault: iamporttest.Fault(name), Lookup: lookup, PG: f.PG, Percent: 100 * f.Rate}, true
}

// Scenario is all that a seed decides. Its zero fields are not filled in.
type Scenario struct {
	Seed     uint64
	Receipts int           // that are asked for, spread over Span
	Workers  int           // processes
	Span     time.Duration // in which faults begin
	Attempts int           // of the schedule of retries
	MaxDelay time.Duration // of the same
	Patience time.Duration // of the gates: after which one is waived that nothing opens
	Poll     time.Duration // of the workers
	Faults   []Fault
}

// Validate returns an error that names what is impossible.
func (s Scenario) Validate() error {
	if s.Receipts < 1 || s.Workers < 1 || s.Span <= 0 {
		return fmt.Errorf("%d receipts, %d workers in %v: each must be above 0", s.Receipts, s.Workers, s.Span)
	}
	known := []Kind{Outage, Kill, Freeze, CutBefore, CutAfter, RedisDown, RedisFull, ReadOnly}
	for _, f := range s.Faults {
		rule, isRule := f.rule()
		switch {
		case !slices.Contains(known, f.Kind) && !(isRule && rule.Fault.Known()):
			return fmt.Errorf("unknown fault %q", f.Kind)
		case f.Rate < 0 || f.Rate > 1:
			return fmt.Errorf("%s: rate %v is not within 0 and 1", f.Kind, f.Rate)
		case f.From < 0 || f.To < f.From:
			return fmt.Errorf("%s: from %v to %v is no window", f.Kind, f.From, f.To)
		case f.Worker < 0 || f.Worker >= s.Workers:
			return fmt.Errorf("%s: there is no worker %d", f.Kind, f.Worker)
		case f.Kind == Outage && !f.PG.Known():
			return fmt.Errorf("outage: unknown gateway %q", f.PG)
		}
	}
	return nil
}

// String writes a scenario, one fault a line.
func (s Scenario) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: %d receipts, %d workers, faults within %v, %d attempts, at most %v apart\n",
		s.Seed, s.Receipts, s.Workers, s.Span, s.Attempts, s.MaxDelay)
	for _, f := range s.Faults {
		fmt.Fprintln(&b, "  ", f)
	}
	return b.String()
}

// gateways are those of the receipts: one cannot be looked up.
var gateways = []tasks.Gateway{tasks.KCP, tasks.Nice, tasks.Settle}

// kinds are what a seed chooses from.
var kinds = []Kind{
	Outage, Outage, Kill, Kill, Freeze, CutBefore, CutAfter, RedisDown, RedisFull, ReadOnly,
	"call:500", "call:502", "call:html-404", "call:cut-before", "call:cut-after", "call:cut-body", "call:slow-after",
	"call:hang", "call:endless", "call:401", "call:expire-token", "call:429", "call:redirect", "call:not-json",
	"call:no-response", "lookup:502", "lookup:500", "lookup:html-404", "lookup:not-json", "lookup:cut-before",
}

// Generate returns the scenario of a seed, whose faults begin within span.
func Generate(seed uint64, span time.Duration) Scenario {
	random := rand.New(rand.NewPCG(seed, 0))
	s := Scenario{
		Seed: seed, Receipts: 20 + random.IntN(41), Workers: 2, Span: span,
		Attempts: 12, MaxDelay: max(span/8, time.Minute), Patience: 3 * span / 2, Poll: 10 * time.Second,
	}
	if span >= time.Hour { // the real durations
		s.Attempts, s.MaxDelay, s.Patience = backoff.DefaultAttempts, backoff.DefaultMax, 0
	}
	for range 2 + random.IntN(7) {
		f := Fault{Kind: kinds[random.IntN(len(kinds))], From: time.Duration(random.Int64N(int64(span)))}
		f.To = f.From + time.Duration(random.Int64N(int64(span/3)))
		switch f.Kind {
		case Outage:
			f.PG = gateways[random.IntN(len(gateways))]
		case Kill, Freeze:
			f.Worker = random.IntN(s.Workers)
		case RedisDown, RedisFull, ReadOnly:
		case CutBefore, CutAfter:
			f.Rate = 0.05 * random.Float64()
		default:
			f.Rate = random.Float64()
		}
		s.Faults = append(s.Faults, f)
	}
	return s
}
