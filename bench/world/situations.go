package world

import (
	"cmp"
	"math/rand/v2"
	"time"

	"receiptrevoker/tasks"
)

// part is a fault of a situation, in a window that is given in shares of the span: 0.2 to 0.5 of
// ten minutes is from 2 to 5 minutes. An end above 1 outlasts the time in which faults begin.
// The seed draws everything else, and also a gateway, a rate or a wait that is zero here.
type part struct {
	kind     Kind
	from, to float64
	pg       tasks.Gateway
	rate     float64
	wait     time.Duration
}

// situations are faults that test something only together, and that seldom meet by chance:
// without them, five mutations of the package mutations passed undetected. Each has to come in at
// least 10 of 400 seeds, as a test requires: with many more of them, Generate has to choose a
// situation more often.
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
	{ // A token takes long, and meanwhile people pause what waits for it.
		{kind: "call:expire-token", from: 0, to: 0.9, rate: 0.7},
		{kind: "token:slow-after", from: 0, to: 0.9, rate: 1},
		{kind: Pause, from: 0.2, to: 0.4, pg: tasks.KCP},
		{kind: Pause, from: 0.4, to: 0.6, pg: tasks.Nice},
		{kind: Pause, from: 0.6, to: 0.9, pg: tasks.Settle},
	},
	{ // Workers die while PortOne is at work on DELETEs of which no lookup will tell.
		{kind: "call:slow-after", from: 0, to: 0.9, pg: tasks.Settle, rate: 1},
		{kind: Kill, from: 0.1, to: 0.3},
		{kind: Kill, from: 0.4, to: 0.6},
		{kind: Kill, from: 0.7, to: 0.9},
	},
	{ // PortOne refuses what it should not, and people retry the dead letters once it does not any more.
		{kind: refusesAll, from: 0, to: 0.6, rate: 1},
		{kind: Retry, from: 0.6, to: 1.3, rate: 1},
	},
	{ // PortOne wants no calls for a while, and then says so once more for a shorter one.
		{kind: "call:429", from: 0.1, to: 0.9, rate: 0.2, wait: 25 * time.Second},
		{kind: "call:429", from: 0.1, to: 0.9, rate: 0.3, wait: 2 * time.Second},
	},
	{ // One gateway hangs.
		{kind: "call:hang", from: 0, to: 0.9, pg: tasks.KCP, rate: 1},
	},
}

// situation returns the faults of a random situation. They begin up to a tenth of the span later
// than their windows say, all by the same time, so that how they overlap stays as it is.
func (s Scenario) situation(random *rand.Rand) (faults []Fault) {
	share := func(of float64) time.Duration { return time.Duration(of * float64(s.Span)) }
	later := share(0.1 * random.Float64())
	for _, p := range situations[random.IntN(len(situations))] {
		f := s.fault(random, p.kind)
		f.From, f.To = later+share(p.from), later+share(p.to)
		f.PG, f.Rate, f.Wait = cmp.Or(p.pg, f.PG), cmp.Or(p.rate, f.Rate), cmp.Or(p.wait, f.Wait)
		faults = append(faults, f)
	}
	return faults
}
