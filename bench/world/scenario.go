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

// Scenario is all that a seed decides. [Generate] fills it in; a test may write one by hand, and
// then Validate says what is impossible about it. Its zero fields are not filled in here: those
// of the schedule, the patience and the poll become the worker's own defaults.
//
// Generate asks for 20 to 60 Receipts, so that a gate has to close at few of them, see
// gateReceipts, and in one seed of ten for manyReceipts. RedisSkew and PortOneSkew are negative where
// a clock is behind.
type Scenario struct {
	Seed     uint64
	Receipts int           // that are asked for, spread over Span
	Lists    int           // in which one payment in three is asked for
	Odd      float64       // the share of the payments that something is odd about
	Workers  int           // processes
	Span     time.Duration // in which faults begin
	Attempts int           // of the schedule of retries
	MaxDelay time.Duration // of the same
	// Patience is after which time a gate is waived that nothing opens, and a request is
	// given up that PortOne turns away while it answers others.
	Patience time.Duration
	Poll     time.Duration // of the workers
	// RedisSkew and PortOneSkew are how far their clocks are ahead of the processes'.
	RedisSkew, PortOneSkew time.Duration
	OlderRedis             bool // which refuses scripts in the words of before 7.0
	Faults                 []Fault
	numbers                []int // of Faults, where others were left out; nil for 0, 1, 2 and so on
	generated              int   // how many faults the seed has; 0 where none has made the scenario
}

// Validate returns an error that names the first value that is impossible. A run with such a
// value would prove nothing, or never begin.
func (s Scenario) Validate() error {
	if s.Receipts < 1 || s.Workers < 1 || s.Span <= 0 {
		return fmt.Errorf("%d receipts, %d workers in %v: each must be above 0", s.Receipts, s.Workers, s.Span)
	}
	if s.Attempts < 0 || min(s.MaxDelay, s.Patience, s.Poll) < 0 {
		return fmt.Errorf("%d attempts, %v apart, patience of %v, poll of %v: none may be negative", s.Attempts, s.MaxDelay,
			s.Patience, s.Poll)
	}
	// Written so that NaN, for which every comparison is false, is refused too.
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

// String writes a scenario, one fault a line, each with its number, from 0: by these
// -world.without leaves faults out.
func (s Scenario) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: %d receipts, %d lists, %.2f odd, %d workers, "+
		"faults within %v, %d attempts, at most %v apart, patience %v, poll %v, "+
		"clocks ahead: Redis %v, PortOne %v, Redis is older %t\n", s.Seed, s.Receipts, s.Lists, s.Odd, s.Workers,
		s.Span, s.Attempts, s.MaxDelay, s.Patience, s.Poll, s.RedisSkew, s.PortOneSkew, s.OlderRedis)
	for i, f := range s.Faults {
		fmt.Fprintf(&b, "%4d %v\n", s.number(i), f)
	}
	return b.String()
}

// has reports whether there is a fault of one of these kinds at any time of the run.
func (s Scenario) has(kinds ...Kind) bool {
	return slices.ContainsFunc(s.Faults, func(f Fault) bool { return slices.Contains(kinds, f.Kind) })
}

// outagesAlone reports whether no fault but outages can close or open a gate, or delay a call: people pause and do
// what they do, too.
func (s Scenario) outagesAlone() bool { return !slices.ContainsFunc(s.Faults, Fault.delays) }

// number returns the number of a fault, from 0, which it keeps where others are left out.
func (s Scenario) number(i int) int {
	if s.numbers == nil {
		return i
	}
	return s.numbers[i]
}

// Without returns the scenario without some of its faults, by their numbers. All else
// stays as it is: payments, lists and the deeds of other faults draw from numbers of their own,
// see [Scenario.random].
func (s Scenario) Without(numbers ...int) Scenario {
	var kept []Fault
	var left []int
	for i, f := range s.Faults {
		if number := s.number(i); !slices.Contains(numbers, number) {
			kept, left = append(kept, f), append(left, number)
		}
	}
	s.Faults, s.numbers = kept, left
	return s
}

// Command returns the command that runs a scenario of [Generate] again, in the module's directory; that runs the tests
// of bench/world for any other.
func (s Scenario) Command() string {
	if s.generated == 0 {
		return "go test ./bench/world"
	}
	command := fmt.Sprintf("go test ./bench/world -run '^TestSeeds$' -timeout 0 -world.seed=%d -world.seeds=1 "+
		"-world.span=%v -world.receipts=%d", s.Seed, s.Span, s.Receipts)
	kept := make(map[int]bool)
	for i := range s.Faults {
		kept[s.number(i)] = true
	}
	var without []string
	for number := range s.generated {
		if !kept[number] {
			without = append(without, fmt.Sprint(number))
		}
	}
	if len(without) > 0 {
		command += " -world.without=" + strings.Join(without, ",")
	}
	return command
}

// random returns random numbers that depend on the seed and on what they are for alone. So
// payment 7 is the same with and without lists, and a fault that is left out changes no payment and
// no other deed: otherwise [Shrink] would compare scenarios that have little in common.
func (s Scenario) random(purpose ...any) *rand.Rand {
	return rand.New(rand.NewPCG(s.Seed, hashOf(fmt.Sprint(purpose...))))
}

// gateways are those of the receipts. They are few, so that each has enough receipts to close its
// gate. PortOne documents no lookup for 헥토파이낸셜 (settle), so that its dead letters may say
// unconfirmed.
var gateways = []tasks.Gateway{tasks.KCP, tasks.Nice, tasks.Settle}

// kinds are what a seed chooses from, each entry with the same chance, 1 in 50: a kind that
// stands here three times comes three times as often.
var kinds = []Kind{
	Outage, Outage, Outage, PortOneDown, Kill, Kill, Kill, Freeze, Freeze, Stop, CutBefore, CutAfter,
	RedisDown, RedisLoses, RedisFull, ReadOnly,
	"call:500", "call:502", "call:503", "call:html-404", "call:html-503",
	"call:cut-before", "call:cut-after", "call:cut-body",
	"call:cut-late", "call:cut-late", "call:slow-after", "call:hang", "call:endless", "call:401", "call:expire-token",
	"call:429", "call:redirect",
	"call:not-json", "call:no-response",
	"lookup:502", "lookup:500", "lookup:html-404", "lookup:not-json", "lookup:cut-before", "lookup:slow-after",
	"lookup:429", "lookup:429",
	"token:500", "token:html-503", "token:429", "token:cut-before", "token:not-json", "token:hang", "token:slow-after",
}

// manyReceipts is how many receipts a long scenario has: enough for what adds up, such as a slot that is lost with each
// receipt that a gate turns away.
const manyReceipts = 200

// Generate returns the scenario of a seed, whose faults begin within span. The same seed and span
// return the same scenario; a further draw from random, wherever it stands, changes all that
// is drawn after it, and so what each seed stands for.
//
// Schedule and patience are scaled to the span, so that a run of minutes sees dead letters and
// gates that are waived: of 10 minutes, 10 attempts at most 75 s apart and a patience of 10
// minutes. From an hour on they are those of production, and a run may take two virtual days.
//
// The clock of Redis is off by at most 5 s and that of PortOne by 2 minutes: together less than
// the 5 minutes by which a receipt may seem to be issued after its request before it counts as
// another one (issueSlack of worker/revoke/identity.go).
func Generate(seed uint64, span time.Duration) Scenario {
	random := rand.New(rand.NewPCG(seed, 0))
	s := Scenario{
		Seed: seed, Receipts: 20 + random.IntN(41), Lists: random.IntN(4), Odd: 0.4 * random.Float64(),
		Workers: 2, Span: span,
		Attempts: 10, MaxDelay: max(span/8, time.Minute), Patience: max(span, 10*time.Minute), Poll: 10 * time.Second,
		RedisSkew:   time.Duration(random.IntN(10_001)-5_000) * time.Millisecond,
		PortOneSkew: time.Duration(random.IntN(241)-120) * time.Second,
		OlderRedis:  random.IntN(2) == 0,
	}
	if s.random("size").IntN(10) == 0 {
		s.Receipts = manyReceipts
	}
	// 0 is the worker's own patience, twelve hours.
	if span >= time.Hour { // the real durations
		s.Attempts, s.MaxDelay, s.Patience = backoff.DefaultAttempts, backoff.DefaultMax, 0
	}
	// Of eight seeds one has outages alone, four have a situation with at most one fault more,
	// and three have two to eight faults of any kind.
	switch random.IntN(8) {
	case 0: // outages alone, of any length, so that the gates show what they save
		for range 1 + random.IntN(3) {
			f := s.fault(random, Outage)
			// It begins in the first third, while most requests are still to come.
			f.From /= 3
			f.To = f.From + time.Duration(random.Int64N(int64(span)))
			s.Faults = append(s.Faults, f)
		}
	case 1, 2, 3, 4:
		s.Faults = append(s.situation(random), s.faults(random, random.IntN(2), kinds)...)
	default:
		s.Faults = s.faults(random, 2+random.IntN(7), kinds)
	}
	// Up to five deeds of people come on top, also in a seed of outages alone.
	s.Faults = append(s.Faults, s.faults(random, random.IntN(6), append([]Kind{Pause}, deeds...))...)
	s.Faults = append(s.Faults, s.lostAnswers()...)
	s.generated = len(s.Faults)
	return s
}

// lostAnswers returns for one seed of eight a fault by which the network loses 5 to 20 % of all
// answers all the time. A short fault meets the frequent commands alone; each command has to
// survive that its answer is lost and that it is repeated.
func (s Scenario) lostAnswers() []Fault {
	random := s.random("lost answers")
	if random.IntN(8) > 0 {
		return nil
	}
	return []Fault{{Kind: CutAfter, To: 2 * s.Span, Rate: 0.05 + 0.15*random.Float64()}}
}

// faults returns so many faults, each of a kind that is drawn anew: two may be of the same kind
// and overlap.
func (s Scenario) faults(random *rand.Rand, count int, of []Kind) (all []Fault) {
	for range count {
		all = append(all, s.fault(random, of[random.IntN(len(of))]))
	}
	return all
}

// fault returns a fault of a kind at a random time: a fault lasts up to a third of the span, and
// what people do up to the whole of it. What the kind needs besides is drawn as follows.
//
//   - A worker that is killed sends up to 199 commands more, so that it dies between any two
//     steps of an attempt.
//   - A Redis refuses all writes in half of the cases, and else a share of them.
//   - The network cuts up to 30 % of what is sent, 7.5 % on average.
//   - A DELETE that is cut and works late does so after 60 to 300 s: later than the worker's
//     timeout of 60 s, and well before the ten timeouts after which it gives up waiting.
//   - A lookup or a call for a token that is slow takes 5 to 24 s: longer than the 5 s that a lookup right
//     after a DELETE may take (soonEnough of worker/revoke/lookup.go), and shorter than the timeout.
func (s Scenario) fault(random *rand.Rand, kind Kind) Fault {
	f := Fault{Kind: kind, From: time.Duration(random.Int64N(int64(s.Span)))}
	f.To = f.From + time.Duration(random.Int64N(int64(s.Span/3)))
	if slices.Contains(deeds, kind) { // people come at any time, also late
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
		f.Rate = []float64{1, random.Float64()}[random.IntN(2)]
	case CutBefore, CutAfter:
		f.Rate = 0.3 * random.Float64() * random.Float64()
	case "call:cut-late":
		f.Rate, f.Wait = random.Float64(), time.Minute+time.Duration(random.IntN(241))*time.Second
	case "lookup:slow-after", "token:slow-after":
		f.Rate, f.Wait = random.Float64(), time.Duration(5+random.IntN(20))*time.Second
	case "lookup:429": // longer than the minute for which one answer holds all workers
		f.Rate, f.Wait = random.Float64(), time.Duration(random.IntN(180))*time.Second
	case "call:429", "call:503", "call:html-503", "token:429", "token:html-503":
		f.Rate, f.Wait = random.Float64(), time.Duration(random.IntN(30))*time.Second
	default:
		f.Rate = random.Float64()
	}
	// A call for a token is for no receipt, and so for no gateway.
	if f.ofPortOne() && !strings.HasPrefix(string(kind), tokenPrefix) && random.IntN(2) == 0 { // one gateway's alone
		f.PG = gateways[random.IntN(len(gateways))]
	}
	return f
}
