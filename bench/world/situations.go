package world

import (
	"cmp"
	"math/rand/v2"
	"time"

	"receiptrevoker/tasks"
)

// part is a fault of a situation, in a window that is given in shares of the span: 1.2 is after
// the other faults have begun. The seed decides all that is not given here.
type part struct {
	kind     Kind
	from, to float64
	pg       tasks.Gateway
	rate     float64
}

// situations are faults that show something only together, and that seldom meet by chance. As
// long as they were left to chance, mutations passed undetected.
var situations = [][]part{
	{ // Redis loses the second in which what had waited was called, of which no lookup tells.
		{kind: Pause, from: 0.2, to: 0.5, pg: tasks.Settle},
		{kind: RedisLoses, from: 0.45, to: 0.6},
	},
	{ // Receipts have waited for longer than the patience when no lookup tells about them.
		{kind: Outage, from: 0, to: 1.2, pg: tasks.KCP},
		{kind: "lookup:502", from: 0.85, to: 1.5},
	},
	{ // People retry what has failed for long, while no lookup tells about it.
		{kind: Retry, from: 0.8, to: 1.3},
		{kind: "call:cut-before", from: 0.8, to: 1.1},
		{kind: "lookup:502", from: 0.8, to: 1.5},
	},
	{ // The lookup before a second attempt is told to come back later.
		{kind: "call:500", from: 0.1, to: 0.5},
		{kind: "lookup:429", from: 0.1, to: 0.6},
	},
	{ // A worker stops for so long that another one begins its attempt.
		{kind: Stop, from: 0.1, to: 0.8},
	},
	{ // A list is cancelled of which some is also asked for alone, before any call.
		{kind: Pause, from: 0, to: 0.9, pg: tasks.KCP},
		{kind: Pause, from: 0, to: 0.9, pg: tasks.Settle},
		{kind: CancelList, from: 0.3, to: 0.9, rate: 1},
	},
	{ // One gateway hangs.
		{kind: "call:hang", from: 0, to: 0.9, pg: tasks.KCP, rate: 1},
	},
}

// situation returns the faults of a random situation, all of them later by up to a tenth of the
// span.
func (s Scenario) situation(random *rand.Rand) (faults []Fault) {
	share := func(of float64) time.Duration { return time.Duration(of * float64(s.Span)) }
	later := share(0.1 * random.Float64())
	for _, p := range situations[random.IntN(len(situations))] {
		f := s.fault(random, p.kind)
		f.From, f.To = later+share(p.from), later+share(p.to)
		f.PG, f.Rate = cmp.Or(p.pg, f.PG), cmp.Or(p.rate, f.Rate)
		faults = append(faults, f)
	}
	return faults
}
