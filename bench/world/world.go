// Package world simulates hours of faults in seconds. Complete workers, producers, people,
// a Redis in memory and the simulated PortOne run in one bubble of [testing/synctest],
// connected by pipes: its clock advances as soon as every goroutine waits. A seed decides which
// receipts are requested, which faults happen when and what people do; in the end what Redis
// says of each receipt is compared with what was requested and with what PortOne knows, by the
// checks of [receiptrevoker/bench/internal/proof] and some more.
//
// Runs of one seed differ in what the seed does not decide: the jitter of Asynq, of retries and
// of go-redis, which Go's global source decides, the order of goroutines that wake up at the
// same moment, and that of maps. crypto/rand is seeded where one seed runs alone.
//
// All processes of a bubble share its clock, and the product reads the time from nowhere
// else: so the clocks of Redis and of PortOne are skewed, but no process against another.
//
// Where Redis loses its last second and every worker dies before it is back, no process that
// could notice the loss is alive: then a receipt without lookups that had just been revoked may
// end as a dead letter whose attempts are used up. This is the one contradiction that is allowed.
//
// A bubble in which every goroutine waits for ever, or whose workers do not end within an hour,
// ends with a panic that shows every goroutine and what it waits for; the seed is one that had
// begun and not ended. A bubble does not see a goroutine that waits for a [sync.Mutex] held by
// one that sleeps, since its clock stands still then: the tests end a seed in the same way that
// takes many times what one takes.
package world

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"receiptrevoker/bench/internal/proof"
	"receiptrevoker/tasks"
)

const (
	producerName = "producer" // the host of order services
	personName   = "person"   // the host of people who watch and act
)

// Result is what a run came to. A run without Failures has passed; the other fields tell only
// how much it has tried, so that a scenario in which nothing happened is not taken for a proof.
type Result struct {
	Virtual  time.Duration // from the start to the last outcome
	Deletes  int           // DELETE calls
	Kills    int           // workers that were killed
	Faults   int           // that began; deeds of people are not counted
	Failures []string      // what broke an invariant, with the history of its imp_uid
}

// world is a run with all who take part: processes, producers, people, Redis and PortOne. The
// history holds what was done about each imp_uid, for people to read; proof holds the same as
// facts, for the checks; the lookout fails while the run goes, the checks in the end.
//
// mu guards the fields below it. A host holds its own lock while it asks world, with mu, what
// its network does: who holds mu must not call a host.
//
// Three maps are noted for one check each. inOutage counts the DELETEs of each outage, for
// checkOutages and checkAttempts. doubted are the imp_uids that may end as unconfirmed, for
// checkReason. putOff is for checkPutOff, by the process that was told and the imp_uid.
//
// lives numbers the lives of each worker, so that "worker-0.2" is the second of the first one:
// a log line, an attempt and a call tell which life they are of.
type world struct {
	person   // who acts, on a network of their own
	scenario Scenario
	ctx      context.Context
	began    time.Time
	redis    *redisServer
	portone  *portone
	history  *history
	proof    *proof.History
	lookout  *lookout
	payments []payment
	lists    map[string][]tasks.Revocation
	running  sync.WaitGroup // the workers' lives
	bubble   string         // as the heads of its goroutines name it

	mu                  sync.Mutex
	hosts               []*host
	workers             []*process
	lives               []int
	active              []Fault   // that happen now
	disturbed           time.Time // when the last one began or ended that disturbs
	cutBefore, cutAfter float64   // rates
	wanted              map[string]tasks.Revocation
	cancelledLists      map[string]bool
	paused              map[tasks.Gateway]time.Time // when a person had paused it
	tokens              map[string]bool             // that callers have used
	inOutage            map[Fault]*outage
	doubted             map[string]bool      // of which a DELETE had no answer of PortOne's
	putOff              map[string]time.Time // until when a lookup wants no call, by process and imp_uid
	told                map[string]bool      // whose history is in the result
	unshown             int                  // DELETEs of which no lookup tells
	result              Result
}

// newHost returns a host whose network cuts connections at the rates of the moment. One number
// decides between both cuts, so that their rates add up: with 0.1 and 0.2, three messages of ten
// are cut. [world.rate] returns each of them, for all active faults of its kind together.
func (w *world) newHost(name string) *host {
	h := newHost(name, w.scenario.Seed, func(_ string, chance *rand.Rand) effect {
		w.mu.Lock()
		defer w.mu.Unlock()
		switch number := chance.Float64(); {
		case number < w.cutBefore:
			return cutBefore
		case number < w.cutBefore+w.cutAfter:
			return cutAfter
		}
		return delivered
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hosts = append(w.hosts, h)
	return h
}

// fail notes that an invariant is broken, and for which imp_uid, empty for none. The run
// continues: what follows may tell why. The caller does not hold w.mu.
func (w *world) fail(impUID, format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failed(impUID, fmt.Sprintf(format, args...))
}

// failed is [world.fail] for callers who hold w.mu. The history of an imp_uid is in the result
// once, with its first failure, since one fault often breaks several invariants.
func (w *world) failed(impUID, text string) {
	if impUID != "" {
		text = impUID + ": " + text
	}
	if impUID != "" && !w.told[impUID] {
		w.told[impUID] = true
		text += "\n" + w.history.of(impUID)
	}
	w.result.Failures = append(w.result.Failures, text)
}

// note enters into the history what an actor has done, at the time of the bubble: not at that
// of Redis or PortOne, whose clocks are skewed.
func (w *world) note(impUID, who, what string) {
	w.history.note(impUID, event{time.Since(w.began), who, what})
}

// outage is what is known of one fault of the kind [Outage]. Two outages of a gateway that
// overlap are counted apart: a DELETE in both counts in each.
type outage struct {
	calls  int             // DELETEs that arrived in it
	failed map[string]bool // the receipts that were called, as far as a gate counts them
	held   time.Time       // when the last of as many was called as close the gate; zero for never
}

// happens reports whether such a fault happens now.
func (w *world) happens(such func(Fault) bool) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.ContainsFunc(w.active, such)
}

// calmSince reports whether no fault has disturbed since a time, see [Fault.disturbs]: each
// process has heard what Redis told it since, and could act by it. A rule about all processes,
// such as a Retry-After that holds them, is checked only then.
func (w *world) calmSince(t time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.calm() && !w.disturbed.After(t)
}

// happened reports whether such a fault happened at any time between two moments.
func (w *world) happened(from, to time.Time, such func(Fault) bool) bool {
	return slices.ContainsFunc(w.scenario.Faults, func(f Fault) bool {
		return such(f) && w.began.Add(f.From).Before(to) && w.began.Add(f.To).After(from)
	})
}

// calm reports whether no fault disturbs now. The caller holds w.mu.
func (w *world) calm() bool { return !slices.ContainsFunc(w.active, Fault.disturbs) }

// paymentOf returns the payment with an imp_uid of the scenario, or the zero payment, which no
// process should have called for. While the run goes, the caller holds w.mu: passBy adds payments.
func (w *world) paymentOf(impUID string) payment {
	for _, p := range w.payments {
		if p.ImpUID == impUID {
			return p
		}
	}
	return payment{}
}
