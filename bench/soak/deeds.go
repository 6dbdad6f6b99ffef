package main

import (
	"math/rand/v2"
	"time"

	"receiptrevoker/tasks"
)

const (
	// cancelledShare, reissuedShare and againShare are in a hundred payments that are asked for
	// once: so many requests are cancelled, so many receipts are followed by another once they are
	// revoked, and so many are asked for again although none has followed.
	cancelledShare = 4
	reissuedShare  = 4 // in a hundred
	againShare     = 2 // in a hundred
	// namedShare is how many requests in a hundred name the receipt by its number (apply_num).
	namedShare = 4

	// cancelledBatches is to how many batches one is cancelled; the first of these, one for every
	// linesPerLarge payments, are large, so that they are recorded in several steps and the
	// cancellation can come between two.
	cancelledBatches = 20
	linesPerLarge    = 20_000 // payments to one large batch
	largeBatch       = 1_000  // lines of a large batch, of which an enqueueing step takes several

	// soon is when something is done to what has just been asked for, and late to what may have
	// been tried before.
	soon = 400 * time.Millisecond
	late = 5 * time.Second // after the first attempts
	// archiveEvery is how often a person archives tasks, on average, at most archiveMost at a time.
	archiveEvery = time.Second
	archiveMost  = 3 // tasks at a time, so that most end by themselves
)

// deed is something that people or other systems do to requests, or to receipts. Its fields but at
// and kind are those that its kind needs.
type deed struct {
	at          time.Duration // from the start
	kind        kind
	batch       string             // which is cancelled
	revocations []tasks.Revocation // which are concerned
	again       bool               // the receipt that has followed is asked for
	chance      uint64             // decides what is archived
}

const (
	cancelRequests kind = "cancel requests"       // of a single request
	cancelBatch    kind = "cancel a batch"        // of a list, as it is enqueued or afterwards
	archiveTasks   kind = "archive tasks"         // in the web UI of Asynq
	reissue        kind = "issue another receipt" // by the merchant, after the first was revoked
	askAgain       kind = "ask again"             // although nothing was issued since
)

// interfere decides what is done to a payment that is asked for once, by a number from 0 to 99.
// Nothing is done to most; their tasks may be archived. No payment meets two deeds: which of them
// explains its outcome could not be told.
func (p *plan) interfere(random *rand.Rand, b burst, r tasks.Revocation, number int) {
	d := deed{at: b.at + upTo(random, late), revocations: []tasks.Revocation{r}}
	// Half of the deeds come while the first attempt may be running, the others later.
	if random.IntN(2) == 0 {
		d.at = b.at + upTo(random, soon)
	}
	switch {
	// A request that names its receipt must leave another one alone, at any time: so only that is
	// tried.
	case r.ApplyNum != "":
		if random.IntN(2) == 0 {
			d.kind = reissue
			p.deeds = append(p.deeds, d)
		}
		return
	case number < cancelledShare:
		d.kind = cancelRequests
	case number < cancelledShare+reissuedShare:
		// Late enough that most are revoked by then: a receipt is only followed by another once it
		// is.
		d.kind, d.at, d.again = reissue, b.at+upTo(random, 4*late), random.IntN(2) == 0
	case number < cancelledShare+reissuedShare+againShare && r.PG.LooksUp():
		d.kind, d.at = askAgain, b.at+upTo(random, 4*late)
	default:
		// Only these: what else is done to a payment must stay the reason of its end.
		p.archivable[r.ImpUID] = true
		return
	}
	p.deeds = append(p.deeds, d)
}

// makeArchiving plays a person who archives tasks from time to time. Which ones is decided then,
// among those that wait.
func (p *plan) makeArchiving(random *rand.Rand, span time.Duration) {
	for at := upTo(random, archiveEvery); at < span; at += upTo(random, 2*archiveEvery) {
		p.deeds = append(p.deeds, deed{at: at, kind: archiveTasks, chance: random.Uint64()})
	}
}

// cancelledBatches returns the names of the batches that are cancelled.
func (p *plan) cancelledBatches() []string {
	var names []string
	for _, d := range p.deeds {
		if d.kind == cancelBatch {
			names = append(names, d.batch)
		}
	}
	return names
}

// named returns how many payments are asked for by the number of their receipt, for the report.
func (p *plan) named() int {
	named := make(map[string]bool)
	for _, b := range p.asks {
		for _, r := range b.revocations {
			if r.ApplyNum != "" {
				named[r.ImpUID] = true
			}
		}
	}
	return len(named)
}
