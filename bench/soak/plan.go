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
	// perDisruption is how much time there is for each kill and restart: with the default of 60,
	// requests come for 90 seconds.
	perDisruption = 1500 * time.Millisecond
	// leastSpan is how long a run with few of them asks for revocations.
	leastSpan = 10 * time.Second
	// burstSize is how many revocations are requested at once, on average: 1 to 99 of them, so that
	// 20,000 tasks are some 400 bursts.
	burstSize = 50

	// failingShare is for how many receipts in a hundred every DELETE fails, and
	// byHandShare how many in a hundred a person revoked before they were requested.
	failingShare = 4
	byHandShare  = 4 // in a hundred
)

// plan is all that a seed decides, before anything is started. PortOne's chance for each call is
// drawn from the same seed, by iamporttest.
type plan struct {
	receipts       []iamporttest.Receipt // what was issued
	faults         []iamporttest.Rule
	alreadyRevoked int // status of revoking twice
	asks           []burst
	disruptions    []disruption
	deeds          []deed
	archivable     map[string]bool // the imp_uids whose tasks a person may archive
}

// burst is a list of revocations that are requested at the same time. Those of
// a batch are requested together, as a list; others one after the other.
type burst struct {
	at          time.Duration // from the start
	batch       bool
	cancelled   bool // while it is asked for, or worked on
	revocations []tasks.Revocation
}

// makePlan returns the plan of the seed. A further draw from random, wherever it stands, changes all
// that is drawn after it, and so the plan of every seed.
func makePlan(s settings) plan {
	random := rand.New(rand.NewPCG(s.seed, 0))
	span := max(time.Duration(s.kills+s.restarts)*perDisruption, leastSpan)
	// PortOne does not document what the DELETE of a receipt answers that is revoked: both answers
	// have to be right for a worker, in half of the seeds each.
	p := plan{alreadyRevoked: http.StatusInternalServerError, archivable: make(map[string]bool)}
	if random.IntN(2) == 0 {
		p.alreadyRevoked = http.StatusBadRequest
	}
	transient := faults(random)
	p.makeAsks(random, s.tasks, span)
	// PortOne tries rules in their order, and the first that hits decides: those of single receipts,
	// which makeAsks has added, and of the failing ones come before those that pass.
	p.faults = append(p.faults, failing)
	p.faults = append(p.faults, transient...)
	p.makeDisruptions(random, s, span)
	p.makeArchiving(random, span)
	slices.SortStableFunc(p.deeds, func(a, b deed) int { return cmp.Compare(a.at, b.at) })
	return p
}

// upTo returns a time of 0 or more and below d, each as likely as another.
func upTo(random *rand.Rand, d time.Duration) time.Duration {
	return time.Duration(random.Int64N(int64(d)))
}

// makeAsks gives most payments a receipt, and asks for half of them alone and
// for half in batches, of which some are cancelled. One in twenty is asked for again
// later, and one in twenty the other way as well, so that it stands on two queues.
func (p *plan) makeAsks(random *rand.Rand, payments int, span time.Duration) {
	seen, batches, large := make(map[string]bool, payments), 0, payments/linesPerLarge
	for payments > 0 {
		// The first batch is cancelled and then every twentieth, so that a short run has one too.
		b := burst{at: upTo(random, span), batch: random.IntN(2) == 0}
		if b.batch {
			b.cancelled = batches%cancelledBatches == 0
			batches++
		}
		// A large list is cancelled within 4 ms, which is while it is being recorded: its rows go to
		// Redis 250 at a time.
		size, after := 1+random.IntN(2*burstSize-1), soon
		if b.cancelled && large > 0 {
			large--
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

// ask adds a burst, whose batch, if it is one, is called by a number, such as soak-17. It returns the
// name, empty for none. The revocations are copied: another burst may have the same ones, in
// another batch and at other rows.
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

// askAgain adds the bursts of those that are requested twice, and what is done to the
// others. Of a batch that is cancelled another request asks for one in four: these have to be
// called for all the same, and what was requested once and cancelled must not be. Nothing else is
// done to a payment that is requested twice, so that the checks know how it has to end.
func (p *plan) askAgain(random *rand.Rand, b burst, span time.Duration) {
	same := burst{at: upTo(random, span), batch: b.batch}
	other := burst{at: min(b.at+upTo(random, time.Second), span), batch: !b.batch}
	for _, r := range b.revocations {
		switch number := random.IntN(20); {
		case b.cancelled && number < 15:
		case !b.cancelled && number == 0:
			same.revocations = append(same.revocations, r)
		case b.cancelled || number == 1:
			if random.IntN(4) == 0 {
				r.PG = "" // this producer does not know it, and asks on the queue for unknown gateways
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

// lists returns the imp_uids of every batch, in the order of its lines.
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

// byHand is when a person revoked receipts: before any run.
var byHand = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// failing is the rule of the receipts whose every DELETE fails: the same ones at every call, as
// PortOne decides by the seed and the imp_uid.
var failing = iamporttest.Rule{Fault: iamporttest.GatewayFailed, Receipts: failingShare}

// issue issues a receipt, of which few were revoked by hand. Where no lookup exists,
// a DELETE of such a one is answered 500 and nothing else: after any other answer its dead letter
// would contradict the truth, and no check could tell whether the worker is wrong.
func (p *plan) issue(random *rand.Rand, r iamporttest.Receipt) {
	if random.IntN(100) < byHandShare {
		r.CancelledAt = byHand
		if !r.PG.LooksUp() {
			p.faults = append(p.faults, iamporttest.Rule{ImpUID: r.ImpUID, Fault: iamporttest.GatewayFailed})
		}
	}
	p.receipts = append(p.receipts, r)
}

// payment returns the revocation of a new payment, whose receipt it issues
// unless it is one of the 3 % that have none. 4 % of the producers do not know the
// gateway, and 4 % name the receipt by its number, where it can be looked up. seen keeps an
// imp_uid from being drawn twice.
func (p *plan) payment(random *rand.Rand, seen map[string]bool) tasks.Revocation {
	r := tasks.Revocation{ImpUID: fmt.Sprintf("imp_%012d", random.Int64N(1e12))}
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
