package world

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"receiptrevoker/tasks"
	"receiptrevoker/worker/backoff"
)

// Scenario is all that a seed decides. Its zero fields are not filled in: a Patience of 0 is the
// worker's own default, twelve hours, and without Faults nothing goes wrong.
type Scenario struct {
	Seed     uint64
	Receipts int           // that are asked for, spread over Span
	Lists    int           // in which one payment in three is asked for
	Odd      float64       // the share of the payments that something is odd about
	Workers  int           // processes
	Span     time.Duration // in which faults begin
	Attempts int           // of the schedule of retries
	MaxDelay time.Duration // of the same
	// Patience is after which time a gate is waived that nothing opens, and a request is given up
	// that PortOne turns away while it accepts others.
	Patience time.Duration
	Poll     time.Duration // of the workers
	// RedisSkew and PortOneSkew are how far their clocks are ahead of the processes'.
	RedisSkew, PortOneSkew time.Duration
	OlderRedis             bool // which refuses scripts in the words of before 7.0
	Faults                 []Fault
}

// Validate returns an error that names what is impossible. A scenario that a test writes by
// hand would otherwise be one without the fault that it is about.
func (s Scenario) Validate() error {
	if s.Receipts < 1 || s.Workers < 1 || s.Span <= 0 {
		return fmt.Errorf("%d receipts, %d workers in %v: each must be above 0", s.Receipts, s.Workers, s.Span)
	}
	if s.Attempts < 0 || min(s.MaxDelay, s.Patience, s.Poll) < 0 {
		return fmt.Errorf("%d attempts, %v apart, patience of %v, poll of %v: none may be negative", s.Attempts, s.MaxDelay,
			s.Patience, s.Poll)
	}
	if s.Lists < 0 || !(s.Odd >= 0 && s.Odd <= 1) {
		return fmt.Errorf("%d lists, %v of the payments odd: not within 0 and 1", s.Lists, s.Odd)
	}
	for _, f := range s.Faults {
		if err := f.validate(s); err != nil {
			return err
		}
	}
	return nil
}

// String writes a scenario, one fault a line with its number, as -world.without takes it.
func (s Scenario) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: %d receipts, %d lists, %.2f odd, %d workers, "+
		"faults within %v, %d attempts, at most %v apart, patience %v, poll %v, "+
		"clocks ahead: Redis %v, PortOne %v, Redis is older %t\n", s.Seed, s.Receipts, s.Lists, s.Odd, s.Workers,
		s.Span, s.Attempts, s.MaxDelay, s.Patience, s.Poll, s.RedisSkew, s.PortOneSkew, s.OlderRedis)
	for i, f := range s.Faults {
		fmt.Fprintf(&b, "%4d %v\n", i, f)
	}
	return b.String()
}

// has reports whether there is a fault of one of these kinds, at any time.
func (s Scenario) has(kinds ...Kind) bool {
	return slices.ContainsFunc(s.Faults, func(f Fault) bool { return slices.Contains(kinds, f.Kind) })
}

// Without returns the scenario without some of its faults, by their numbers from 0. All else
// stays as the seed decided it.
func (s Scenario) Without(numbers ...int) Scenario {
	var kept []Fault
	for i, f := range s.Faults {
		if !slices.Contains(numbers, i) {
			kept = append(kept, f)
		}
	}
	s.Faults = kept
	return s
}

// random returns random numbers that depend on the seed and what they are for alone. So what
// one thing takes of them changes no other: a scenario without one of its faults is otherwise
// the same.
func (s Scenario) random(purpose ...any) *rand.Rand {
	return rand.New(rand.NewPCG(s.Seed, hashOf(fmt.Sprint(purpose...))))
}

// gateways are those of the receipts: three are enough to have one that works beside one that
// fails, and for the last one PortOne documents no lookup.
var gateways = []tasks.Gateway{tasks.KCP, tasks.Nice, tasks.Settle}

// kinds are what a seed chooses from. A kind that stands here several times is chosen as often
// as many times.
var kinds = []Kind{
	// Whole services and processes. An outage and a death are chosen more often than others.
	Outage, Outage, Outage, PortOneDown, Kill, Kill, Kill, Freeze, Freeze, Stop, CutBefore, CutAfter,
	RedisDown, RedisLoses, RedisFull, ReadOnly,
	// Answers of the gateway and of proxies that say that a DELETE failed.
	"call:500", "call:502", "call:503", "call:html-404", "call:html-503",
	// Connections that are cut, answers that are late or cannot be read, calls that are refused.
	"call:cut-before", "call:cut-after", "call:cut-body",
	"call:cut-late", "call:cut-late", "call:slow-after", "call:hang", "call:endless", "call:401", "call:expire-token",
	"call:429", "call:redirect",
	"call:not-json", "call:no-response",
	// Lookups that tell nothing, or come late.
	"lookup:502", "lookup:500", "lookup:html-404", "lookup:not-json", "lookup:cut-before", "lookup:slow-after",
	"lookup:429", "lookup:429",
	// Calls for a token.
	"token:500", "token:html-503", "token:429", "token:cut-before", "token:not-json", "token:hang", "token:slow-after",
}

// Generate returns the scenario of a seed, whose faults begin within span. The order in which
// it takes random numbers is part of what a seed means: another order gives every seed another
// scenario.
func Generate(seed uint64, span time.Duration) Scenario {
	random := rand.New(rand.NewPCG(seed, 0))
	s := Scenario{
		Seed: seed, Receipts: 20 + random.IntN(41), Lists: random.IntN(4), Odd: 0.4 * random.Float64(),
		Workers: 2, Span: span,
		Attempts: 10, MaxDelay: max(span/8, time.Minute), Patience: max(span, 10*time.Minute), Poll: 10 * time.Second,
		// Redis' clock is up to 5 s off, and PortOne's up to two minutes, either way.
		RedisSkew:   time.Duration(random.IntN(10_001)-5_000) * time.Millisecond,
		PortOneSkew: time.Duration(random.IntN(241)-120) * time.Second,
		OlderRedis:  random.IntN(2) == 0,
	}
	// Spans of hours have the real durations; shorter ones have shorter ones, so that all of
	// the schedule is met.
	if span >= time.Hour {
		s.Attempts, s.MaxDelay, s.Patience = backoff.DefaultAttempts, backoff.DefaultMax, 0
	}
	switch random.IntN(8) {
	// Outages alone, of any length, so that the gates show what they save.
	case 0:
		for range 1 + random.IntN(3) {
			f := s.fault(random, Outage)
			f.From /= 3
			f.To = f.From + time.Duration(random.Int64N(int64(span)))
			s.Faults = append(s.Faults, f)
		}
	case 1, 2, 3, 4:
		s.Faults = append(s.situation(random), s.faults(random, random.IntN(2), kinds)...)
	default:
		s.Faults = s.faults(random, 2+random.IntN(7), kinds)
	}
	s.Faults = append(s.Faults, s.faults(random, random.IntN(6), append([]Kind{Pause}, deeds...))...)
	s.Faults = append(s.Faults, s.lostAnswers()...)
	return s
}

// lostAnswers returns for one seed of eight a network that loses answers all the time: few
// seeds would repeat each kind of command after its answer was lost by chance.
func (s Scenario) lostAnswers() []Fault {
	random := s.random("lost answers")
	if random.IntN(8) > 0 {
		return nil
	}
	return []Fault{{Kind: CutAfter, To: 2 * s.Span, Rate: 0.05 + 0.15*random.Float64()}}
}

// faults returns so many faults of some kinds.
func (s Scenario) faults(random *rand.Rand, count int, of []Kind) (all []Fault) {
	for range count {
		all = append(all, s.fault(random, of[random.IntN(len(of))]))
	}
	return all
}

// fault returns a fault of a kind at a random time.
func (s Scenario) fault(random *rand.Rand, kind Kind) Fault {
	f := Fault{Kind: kind, From: time.Duration(random.Int64N(int64(s.Span)))}
	f.To = f.From + time.Duration(random.Int64N(int64(s.Span/3)))
	// People come at any time, also late.
	if slices.Contains(deeds, kind) {
		f.To = f.From + time.Duration(random.Int64N(int64(s.Span)))
	}
	switch kind {
	case Outage, Pause:
		f.PG = gateways[random.IntN(len(gateways))]
	case Kill, Freeze, Stop:
		f.Worker = random.IntN(s.Workers)
		if kind == Kill {
			f.After = random.IntN(200)
		}
	case PortOneDown, RedisDown, RedisLoses:
	case RedisFull, ReadOnly:
		// Half of these refuse every write, the others a share of them.
		f.Rate = []float64{1, random.Float64()}[random.IntN(2)]
	// Small rates are the likely ones: with large ones hardly anything gets through.
	case CutBefore, CutAfter:
		f.Rate = 0.3 * random.Float64() * random.Float64()
	case "call:cut-late":
		f.Rate, f.Wait = random.Float64(), time.Minute+time.Duration(random.IntN(241))*time.Second
	case "lookup:slow-after":
		f.Rate, f.Wait = random.Float64(), time.Duration(5+random.IntN(20))*time.Second
	// Longer than one answer holds the other receipts, a minute.
	case "lookup:429":
		f.Rate, f.Wait = random.Float64(), time.Duration(random.IntN(180))*time.Second
	case "call:429", "call:503", "call:html-503", "token:429", "token:html-503":
		f.Rate, f.Wait = random.Float64(), time.Duration(random.IntN(30))*time.Second
	default:
		f.Rate = random.Float64()
	}
	// Half of these faults concern one gateway's calls alone. A call for a token is of no
	// gateway.
	if f.ofPortOne() && !strings.HasPrefix(string(kind), tokenPrefix) && random.IntN(2) == 0 {
		f.PG = gateways[random.IntN(len(gateways))]
	}
	return f
}
