package world

import (
	"math"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"receiptrevoker/tasks"
	"receiptrevoker/worker/gate"
)

// lookout watches DELETEs as they arrive and are answered, for what must hold at each moment while
// nothing keeps processes from hearing what they are told, and from acting by it. The checks in the
// end see outcomes alone: a DELETE too many that took no effect would not show in them. It checks
// that
//
//   - no process makes a DELETE once another one has begun an attempt on the imp_uid;
//   - no DELETE follows for what a person discarded;
//   - no DELETE is made before a Retry-After is over;
//   - only probes pass a gate that is closed, at their intervals;
//   - a success opens the gate;
//   - the sweeper repairs nothing where nothing can have been lost.
type lookout struct {
	world *world

	mu    sync.Mutex
	met   map[string]bool      // imp_uids that were called or looked up
	begun map[string]begun     // the newest attempt on each
	asked map[string]time.Time // when each was asked for last
	// over has the imp_uids whose dead letter was discarded, and that no producer has asked for
	// since.
	over   map[string]bool
	held   hold
	closed map[gate.Name]closure
}

// begun is an attempt that a process was told that it has begun, by Redis' reply.
type begun struct {
	who string
	at  time.Time
}

// hold is a time in which PortOne wants no calls, by a Retry-After.
type hold struct{ from, to time.Time }

// closure is a time in which a gate is closed. The zero closure is a gate that is open.
type closure struct {
	epoch  string // which closure it is
	since  time.Time
	probes int
}

const (
	// grace is how long it takes all processes to act by what Redis was told. They read the
	// gates once a second ([gatePoll]).
	grace = 5 * time.Second
	// inFlight is how long a call may be on its way: the network takes up to 2 ms for each
	// command before it.
	inFlight = 100 * time.Millisecond
)

func newLookout(w *world) *lookout {
	return &lookout{
		world: w, met: make(map[string]bool), begun: make(map[string]begun), over: make(map[string]bool),
		asked: make(map[string]time.Time), closed: make(map[gate.Name]closure),
	}
}

// begins notes that a process was told that it has begun an attempt, at the time that Redis
// says: the process may hear of it late, and a reply that comes late must not take the place of
// a newer attempt.
func (l *lookout) begins(impUID, who string, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if at.After(l.begun[impUID].at) {
		l.begun[impUID] = begun{who, at}
	}
}

// discards notes that a person who began at a time has discarded a dead letter. If a producer
// asked for the receipt after that time, it may be called.
func (l *lookout) discards(impUID string, began time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over[impUID] = l.asked[impUID].Before(began)
}

// wants notes that a producer or a person is about to ask for what may have been discarded.
func (l *lookout) wants(impUID string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over[impUID], l.asked[impUID] = false, time.Now()
}

// meet notes a call or a lookup, and reports whether it is the first one of the imp_uid.
func (l *lookout) meet(impUID string) (first bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	first = !l.met[impUID]
	l.met[impUID] = true
	return first
}

// call is a DELETE from its arrival to its answer, with the gates as they stood when it
// arrived.
type call struct {
	payment payment
	first   bool // of the imp_uid
	gates   map[gate.Name]closure
}

// arrive looks at a DELETE that has arrived. Where Redis loses data, an attempt or a discarding
// may be forgotten, so that neither is judged then.
func (l *lookout) arrive(who string, p payment, first bool) call {
	l.mu.Lock()
	defer l.mu.Unlock()
	newest, loses, now := l.begun[p.ImpUID], l.world.scenario.has(RedisLoses), time.Now()
	switch {
	// The call may have left before the other attempt began, and been on its way since.
	case newest.who != who && now.Sub(newest.at) > inFlight && !loses:
		l.world.fail(p.ImpUID, "DELETE of %s, although %s began an attempt %v ago", who, newest.who, now.Sub(newest.at))
	case l.over[p.ImpUID] && !loses:
		l.world.fail(p.ImpUID, "DELETE of what a person had discarded")
	// A hold ends by an expiry, which is exact to [ttlStep] here.
	case now.After(l.held.from.Add(grace)) && now.Before(l.held.to.Add(-ttlStep)) && l.world.calmSince(l.held.from):
		l.world.fail(p.ImpUID, "DELETE, %v before the Retry-After is over that everybody was told %v ago",
			l.held.to.Sub(now), now.Sub(l.held.from))
	}
	c := call{payment: p, first: first, gates: make(map[gate.Name]closure)}
	// A producer that names another gateway than the receipt's has its receipts called behind
	// the other gateway's gate.
	if p.PG == p.receipt.PG {
		c.gates[gate.Of(p.PG)] = l.pass(gate.Of(p.PG), p.ImpUID)
		c.gates[gate.PortOne] = l.pass(gate.PortOne, p.ImpUID)
	}
	return c
}

// pass returns how a gate stands as a DELETE arrives that has passed it. It counts those that
// come long after it has closed, which must be probes, and fails once for each closure.
func (l *lookout) pass(name gate.Name, impUID string) closure {
	now := l.world.stands(name)
	// The same closure as at the last DELETE: its count of probes continues.
	if c := l.closed[name]; c.epoch == now.epoch {
		now = c
	}
	if since := time.Since(now.since); now.epoch != "" && since > 2*grace && l.world.calmSince(now.since) {
		now.probes++
		if bound := probesWithin(since); now.probes == bound+1 {
			l.world.fail(impUID, "%d DELETEs within %v through the gate of %s, which is closed: more than %d",
				now.probes, since, name, bound)
		}
	}
	l.closed[name] = now
	return now
}

// probesWithin is how many probes may be made in so long a time: the intervals grow by a tenth,
// from one second to ten, which takes 25 of them. Half as many more may come of processes that
// take over.
func probesWithin(d time.Duration) int {
	growing := math.Log(1+d.Seconds()/10) / math.Log(1.1)
	return 5 + int(1.5*(min(growing, 25)+d.Seconds()/gate.DefaultProbeMax.Seconds()))
}

// stands returns how Redis says that a gate stands. It reads the memory of miniredis and not by
// a command, which would take virtual time.
func (w *world) stands(name gate.Name) closure {
	key := tasks.Key(tasks.DefaultNamespace, "gate:"+string(name))
	if w.redis.memory.HGet(key, "state") != "closed" {
		return closure{}
	}
	// The epoch of a gate is when it closed, in microseconds of Redis' clock.
	epoch := w.redis.memory.HGet(key, "epoch")
	micros, _ := strconv.ParseInt(epoch, 10, 64)
	return closure{epoch: epoch, since: time.UnixMicro(micros).Add(-w.scenario.RedisSkew)}
}

// answer looks at the answer to a DELETE. Of a first call, a 429 begins a hold; of an ordinary
// receipt, a success must open the gates that were closed when it arrived.
func (l *lookout) answer(c call, seen *statusWriter) {
	now := time.Now()
	switch {
	// A process may not hear of this answer, so that nothing follows from it.
	case !l.world.calmSince(now):
	// A receipt that was called before may be turned away for itself, and then holds no other:
	// see README on Retry-After.
	case seen.status == http.StatusTooManyRequests && c.first:
		seconds, _ := strconv.Atoi(seen.Header().Get("Retry-After")) // none is 0
		to := now.Add(time.Duration(seconds) * time.Second)
		l.mu.Lock()
		defer l.mu.Unlock()
		if to.After(l.held.to) {
			l.held = hold{now, to}
		}
	case seen.status == http.StatusOK && c.payment.nature == ordinary && !l.world.happens(Fault.ofPortOne):
		for name, before := range c.gates {
			if before.epoch != "" && now.Sub(before.since) > grace {
				time.AfterFunc(grace, func() { l.mustHaveOpened(name, before, c.payment.ImpUID, now) })
			}
		}
	}
}

// mustHaveOpened fails if a gate still stands as before a success, which happened [grace] ago.
func (l *lookout) mustHaveOpened(name gate.Name, before closure, impUID string, success time.Time) {
	if l.world.stands(name).epoch == before.epoch && l.world.calmSince(success) {
		l.world.fail(impUID, "the gate of %s is closed although the DELETE succeeded %v ago", name, time.Since(success))
	}
}

// repairs are what workers log when they put a task back. The texts are those of package sweep:
// a message that is changed there and not here is no longer watched for.
var repairs = []string{
	"enqueued again: its task was gone", "put back in line: the queue had lost them",
	"active without a lease: the next sweep takes them back",
	"taken off the active tasks: Redis holds no task of that ID", "taken back: its worker is gone",
}

// hear fails if a worker logs that it repairs what nothing can have damaged.
func (l *lookout) hear(impUID, message, line string) {
	s := l.world.scenario
	if slices.Contains(repairs, message) && !s.has(Archive, Delete) && !slices.ContainsFunc(s.Faults, Fault.losesAnswers) {
		l.world.fail(impUID, "a worker repairs what nothing has damaged: %s", line)
	}
}
