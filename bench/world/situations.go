package world

import (
	"math/rand/v2"
	"time"

	"receiptrevoker/tasks"
)

// part is a fault of a situation, in a window that is given in shares of the span. What
// else there is to know of it the seed decides, but for a gateway that is given.
type part struct {
	kind     Kind
	from, to float64
	pg       tasks.Gateway
}

// situations are faults that show something only together, and that seldom meet by chance.
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
}

// situation returns the faults of a random situation.
func (s Scenario) situation(random *rand.Rand) (faults []Fault) {
	share := func(of float64) time.Duration { return time.Duration(of * float64(s.Span)) }
	later := share(0.1 * random.Float64())
	for _, p := range situations[random.IntN(len(situations))] {
		f := s.fault(random, p.kind)
		f.From, f.To = later+share(p.from), later+share(p.to)
		if p.pg != "" {
			f.PG = p.pg
		}
		faults = append(faults, f)
	}
	return faults
}
