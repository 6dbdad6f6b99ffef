// Package world simulates hours of faults in seconds. Complete workers, producers, people,
// a Redis in memory and the simulated PortOne run in one bubble of [testing/synctest],
// connected by pipes: its clock advances as soon as every goroutine waits. A seed decides which
// receipts are revoked, what goes wrong when and what people do; in the end what Redis says
// of each is compared with what was asked for and with what PortOne knows, by the checks of
// [receiptrevoker/bench/internal/proof] and some more.
//
// Runs of one seed differ in what is left to chance elsewhere: the jitter of Asynq, of
// retries and of go-redis, which Go's global source decides, the order of goroutines that go
// on at the same moment, and that of maps. crypto/rand is seeded where one seed runs alone.
//
// All processes of a bubble share its clock, and the product reads the time from nowhere
// else: so the clocks of Redis and of PortOne are skewed, but no process against another.
//
// Where Redis loses its last second and every worker dies before it is back, no worker is left that
// could notice: then a receipt without lookups that had just been revoked may end as a dead letter
// whose attempts are used up. This is the one contradiction that is allowed.
//
// A bubble in which all goroutines wait for ever, or whose workers do not end within an hour, ends
// with a panic that shows every goroutine and what it waits for; the seed is one that had begun and
// not ended. What a bubble cannot see is a goroutine that waits for a [sync.Mutex] held by one that
// sleeps: a seed that takes many times what one takes is ended in the same way.
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

// Result is what a run came to. Without Failures, no invariant broke. The counts tell whether a
// seed tried anything: one without a DELETE proves nothing.
type Result struct {
	Virtual  time.Duration // from the start to the last outcome
	Deletes  int           // DELETE calls
	Kills    int           // workers that were killed
	Faults   int           // that began; deeds of people are not counted
	Failures []string      // what broke an invariant, with the history of its imp_uid
}

// world is a run with all that takes part. The fields above mu are set before anything starts, but
// for payments, to which [world.passBy] adds.
//
//   - lives counts the lives of each worker, which are part of their names: worker-0.1, worker-0.2.
//   - wanted is what producers want of each imp_uid, in its latest form. A DELETE for another
//     imp_uid is a failure.
//   - tokens are kept to search each log line for them.
//   - inOutage has an entry for each outage of a gateway in which a DELETE arrived.
//   - told prevents that a long history is printed twice.
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

// newHost returns a host whose network cuts connections as the faults of the moment say.
func (w *world) newHost(name string) *host {
	// The rates are read at each command: faults begin and end meanwhile.
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

// fail notes that an invariant is broken, and for which imp_uid, if for one. The run continues:
// what follows may say why.
func (w *world) fail(impUID, format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failed(impUID, fmt.Sprintf(format, args...))
}

// failed is fail for callers who hold the lock. The history of an imp_uid is printed with its
// first failure alone.
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

// note enters into the history what an actor has done.
func (w *world) note(impUID, who, what string) {
	w.history.note(impUID, event{time.Since(w.began), who, what})
}

// outage is what is known of a gateway's time without service. The gate's own count is in Redis;
// this one is made of what arrived, so that both cannot be wrong together.
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

// calmSince reports whether nothing has disturbed since a time: nothing keeps a worker from
// hearing what it is told, and from acting by it. An invariant that holds at each moment is
// only checked then.
func (w *world) calmSince(t time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.calm() && !w.disturbed.After(t)
}

// calm is calmSince of this moment, for callers who hold the lock.
func (w *world) calm() bool { return !slices.ContainsFunc(w.active, Fault.disturbs) }

// paymentOf returns the payment with an imp_uid of the scenario, or a zero one.
func (w *world) paymentOf(impUID string) payment {
	for _, p := range w.payments {
		if p.ImpUID == impUID {
			return p
		}
	}
	return payment{}
}
