package main

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"

	"receiptrevoker/tasks"
)

const (
	// overLease is longer than the leases of Asynq and of attempts, 30 s, so that other workers
	// take the work over.
	overLease = 32 * time.Second
	// oneLong is how many restarts of Redis there are to one after which Redis stays away for
	// overLease and more.
	oneLong = 5
)

// kind is a kind of disruption or deed. Its text stands in messages.
type kind string

const (
	killWorker   kind = "kill worker"   // with SIGKILL
	freezeWorker kind = "freeze worker" // with SIGSTOP, for longer than its leases
	restartRedis kind = "restart Redis" // with SIGKILL, and up again with its files
	outage       kind = "outage"        // of a gateway: every DELETE answers 500
)

// disruption is something that gets in the way at a time.
type disruption struct {
	at     time.Duration // from the start
	kind   kind
	worker int           // which is killed or frozen
	lasts  time.Duration // how long it is frozen, or Redis or the gateway is down
	pg     tasks.Gateway // which is down
}

// makeDisruptions places each kill, restart and freeze within 400 ms of a burst, when there is work
// under way: a disruption of idle workers proves nothing. Outages of gateways come all the time.
func (p *plan) makeDisruptions(random *rand.Rand, s settings, span time.Duration) {
	soonAfter := func() time.Duration {
		return p.asks[random.IntN(len(p.asks))].at + upTo(random, 400*time.Millisecond)
	}
	for range s.kills {
		p.disruptions = append(p.disruptions,
			disruption{at: soonAfter(), kind: killWorker, worker: random.IntN(s.workers)})
	}
	// Most restarts are short, so that workers hold on to what they found; each fifth is longer
	// than every lease.
	for i := range s.restarts {
		d := disruption{at: soonAfter(), kind: restartRedis, lasts: upTo(random, 2*time.Second)}
		if i%oneLong == oneLong-1 {
			d.lasts += overLease
		}
		p.disruptions = append(p.disruptions, d)
	}
	// A frozen worker is back after 32 to 42 s, when another one has begun its attempts.
	for range s.freezes {
		p.disruptions = append(p.disruptions, disruption{
			at: soonAfter(), kind: freezeWorker, worker: random.IntN(s.workers),
			lasts: overLease + upTo(random, 10*time.Second),
		})
	}
	// Outages of gateways come at any time, whatever is asked for: some last a second, some five.
	for at := upTo(random, leastSpan); at < span; at += leastSpan/2 + upTo(random, leastSpan) {
		gateways := tasks.Gateways()
		p.disruptions = append(p.disruptions, disruption{
			at: at, kind: outage, pg: gateways[random.IntN(len(gateways))], lasts: time.Second + upTo(random, 4*time.Second),
		})
	}
	slices.SortStableFunc(p.disruptions, func(a, b disruption) int { return cmp.Compare(a.at, b.at) })
}
