package main

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"receiptrevoker/tasks"
	"receiptrevoker/worker/iamport/iamporttest"
)

const (
	// perDisruption is how much time there is for each kill and restart: 60 of them, as by default,
	// make 90 s in which revocations are asked for.
	perDisruption = 1500 * time.Millisecond
	// leastSpan is for how long a run asks for revocations at least.
	leastSpan = 10 * time.Second
	// burstSize is how many revocations are asked for at once, on average.
	burstSize = 50

	// failingShare is for how many receipts in a hundred every DELETE fails, and byHandShare how
	// many a person revoked before the first request.
	failingShare = 4
	byHandShare  = 4 // in a hundred
)

// plan is all that a seed decides. It is made before anything starts, so that nothing that happens
// changes it. faults begins with the rules of single receipts, then [failing], then the shares: the
// simulated PortOne takes the first that applies.
type plan struct {
	receipts       []iamporttest.Receipt // what was issued
	faults         []iamporttest.Rule
	alreadyRevoked int // status of revoking twice
	asks           []burst
	disruptions    []disruption
	deeds          []deed
	archivable     map[string]bool // the imp_uids whose tasks a person may archive
}

// burst is a list of revocations that are asked for at the same time. Those of a batch are asked
// for together.
type burst struct {
	at          time.Duration // from the start
	batch       bool
	cancelled   bool // while it is asked for, or worked on
	revocations []tasks.Revocation
}

// makePlan returns the plan of the seed. The order of its steps is part of that: each takes random
// numbers, so that another order gives every seed another plan.
func makePlan(s settings) plan {
	random := rand.New(rand.NewPCG(s.seed, 0))
	span := max(time.Duration(s.kills+s.restarts)*perDisruption, leastSpan)
	p := plan{alreadyRevoked: http.StatusInternalServerError, archivable: make(map[string]bool)}
	// What an already revoked receipt answers is not documented: half of the seeds answer 400, the
	// others 500.
	if random.IntN(2) == 0 {
		p.alreadyRevoked = http.StatusBadRequest
	}
	transient := faults(random)
	p.makeAsks(random, s.tasks, span)
	// The rule of receipts that fail comes before the shares: otherwise one of these, such as cut-after,
	// would revoke such a receipt now and then.
	p.faults = append(p.faults, failing)
	p.faults = append(p.faults, transient...)
	p.makeDisruptions(random, s, span)
	p.makeArchiving(random, span)
	slices.SortStableFunc(p.deeds, func(a, b deed) int { return cmp.Compare(a.at, b.at) })
	return p
}

// upTo returns a time from 0 to just below d.
func upTo(random *rand.Rand, d time.Duration) time.Duration {
	return time.Duration(random.Int64N(int64(d)))
}

// makeAsks gives most payments a receipt, and asks for half of them alone and for half in batches,
// of which some are cancelled. One in twenty is asked for again later, and one in twenty the other
// way as well, so that it stands on two queues.
func (p *plan) makeAsks(random *rand.Rand, payments int, span time.Duration) {
	// Payments are handed out to bursts until none is left. The first batches to be cancelled are
	// the large ones.
	seen, batches, large := make(map[string]bool, payments), 0, payments/linesPerLarge
	for payments > 0 {
		b := burst{at: upTo(random, span), batch: random.IntN(2) == 0}
		if b.batch {
			b.cancelled = batches%cancelledBatches == 0
			batches++
		}
		size, after := 1+random.IntN(2*burstSize-1), soon
		if b.cancelled && large > 0 {
			large--
			// The cancellation of a large batch comes within 4 ms, while its list is still being
			// recorded.
			size, after = 2*largeBatch+random.IntN(largeBatch), soon/100
		}
		for range min(size, payments) {
			b.revocations = append(b.revocations, p.payment(random, seen))
			payments--
		}
		name := p.ask(b, len(p.asks))
		if b.cancelled {
			p.deeds = append(p.deeds, deed{at: b.at + upTo(random, after), kind: cancelBatch, batch: name})
		}
		p.askAgain(random, b, span)
	}
	slices.SortStableFunc(p.asks, func(a, b burst) int { return cmp.Compare(a.at, b.at) })
}

// ask adds a burst, whose batch, if it is one, is called by a number, and returns the batch's name.
// The revocations are copied: a payment may be part of several bursts, each with a row of its own.
func (p *plan) ask(b burst, number int) (name string) {
	if b.batch {
		name = fmt.Sprintf("soak-%d", number)
	}
	b.revocations = slices.Clone(b.revocations)
	for i := range b.revocations {
		b.revocations[i].Batch, b.revocations[i].Row = name, 0
		if b.batch {
			b.revocations[i].Row = i + 1
		}
	}
	p.asks = append(p.asks, b)
	return name
}

// askAgain adds the bursts of payments that are asked for twice, and decides what is done to the
// others. Of a batch that is cancelled another request asks for one payment in four: those must be
// called all the same.
func (p *plan) askAgain(random *rand.Rand, b burst, span time.Duration) {
	same := burst{at: upTo(random, span), batch: b.batch}
	other := burst{at: min(b.at+upTo(random, time.Second), span), batch: !b.batch}
	for _, r := range b.revocations {
		// Of twenty payments one is asked for once more in the same way, and one in the other way,
		// alone or in a batch. What is left may meet a deed.
		switch number := random.IntN(20); {
		case b.cancelled && number < 15:
		case !b.cancelled && number == 0:
			same.revocations = append(same.revocations, r)
		case b.cancelled || number == 1:
			if random.IntN(4) == 0 {
				// This producer does not know the gateway, and asks on the queue for unknown ones.
				r.PG = ""
			}
			other.revocations = append(other.revocations, r)
		default:
			p.interfere(random, b, r, random.IntN(100))
		}
	}
	for _, again := range []burst{same, other} {
		if len(again.revocations) > 0 {
			p.ask(again, len(p.asks))
		}
	}
}

// lists returns the imp_uids of every batch, in the order of their rows.
func (p *plan) lists() map[string][]string {
	lists := make(map[string][]string)
	for _, b := range p.asks {
		for _, r := range b.revocations {
			if b.batch {
				lists[r.Batch] = append(lists[r.Batch], r.ImpUID)
			}
		}
	}
	return lists
}

// byHand is when a person revoked receipts: before any run, so that PortOne's truth tells these
// from a run's own.
var byHand = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// failing is the rule of the receipts whose every DELETE fails.
var failing = iamporttest.Rule{Fault: iamporttest.GatewayFailed, Receipts: failingShare}

// issue issues a receipt, of which few were revoked by hand. Where no lookup exists, a DELETE of
// such a one is answered 500 and nothing else: any other answer would be one more that contradicts
// the truth and cannot be checked.
func (p *plan) issue(random *rand.Rand, r iamporttest.Receipt) {
	if random.IntN(100) < byHandShare {
		r.CancelledAt = byHand
		if !r.PG.LooksUp() {
			p.faults = append(p.faults, iamporttest.Rule{ImpUID: r.ImpUID, Fault: iamporttest.GatewayFailed})
		}
	}
	p.receipts = append(p.receipts, r)
}

// payment returns the revocation of a new payment, whose receipt it issues unless the payment is
// one of the three in a hundred that have none. Four in a hundred producers do not know the
// gateway, and some name the receipt by its number, where it can be looked up: other gateways
// refuse such a request.
func (p *plan) payment(random *rand.Rand, seen map[string]bool) tasks.Revocation {
	r := tasks.Revocation{ImpUID: fmt.Sprintf("imp_%012d", random.Int64N(1e12))}
	// An imp_uid names one payment: the few that are drawn twice are drawn anew.
	for seen[r.ImpUID] {
		r.ImpUID = fmt.Sprintf("imp_%012d", random.Int64N(1e12))
	}
	seen[r.ImpUID] = true
	gateways := tasks.Gateways()
	r.PG = gateways[random.IntN(len(gateways))]
	if random.IntN(100) >= 3 {
		receipt := iamporttest.Receipt{ImpUID: r.ImpUID, PG: r.PG}
		if r.PG.LooksUp() && random.IntN(100) < namedShare {
			receipt.ApplyNum = fmt.Sprintf("%09d", random.IntN(1e9))
			r.ApplyNum = receipt.ApplyNum
		}
		p.issue(random, receipt)
	}
	if random.IntN(100) < 4 {
		r.PG = ""
	}
	return r
}
