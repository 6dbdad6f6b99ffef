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

// lookout watches DELETEs as they arrive and are answered, for what must hold at each moment
// while no fault keeps processes from hearing what they are told, and from acting by it. It knows
// what Redis has told processes and what PortOne has answered them, and reads the gates in Redis
// itself. What it finds is among the failures, with the history up to that moment.
//
// held is the hold of all so far that ends last. closed has of each gate the closure
// in which the last DELETE arrived, to count the DELETEs in one closure. Its lock is taken before
// world's, never the other way round.
type lookout struct {
	world *world

	mu     sync.Mutex
	met    map[string]bool        // imp_uids that were called or looked up
	begun  map[string]begun       // the newest attempt on each
	asked  map[string]time.Time   // when each was asked for last
	over   map[string]bool        // those whose dead letter was discarded, and that were not requested since
	failed map[gate.Name][]string // ordinary receipts that failed since the last success there
	held   hold
	closed map[gate.Name]closure
}

// begun is an attempt that a process was told that it has begun, by the time of Redis without its
// skew.
type begun struct {
	who string
	at  time.Time
}

// hold is a time in which PortOne wants no calls: from the answer with a Retry-After on, for as long
// as that says. Every worker has to keep to it, not only the one that was told. Generate has DELETEs
// ask for less than 30 s, and so below the minute for which the product holds all at most.
type hold struct{ from, to time.Time }

// closure is a time in which a gate is closed. The zero closure is a gate that is open. The epoch,
// which grows whenever a gate closes or opens, tells one closure from the next. calls counts the
// DELETEs since ten seconds after closing.
type closure struct {
	epoch string // which closure it is
	since time.Time
	calls int
}

const (
	// grace is how long it takes all processes to act by what Redis was told: they read the gates
	// every second, see gatePoll, and a call that has begun is not stopped.
	grace = 5 * time.Second
	// inFlight is how long a call may be on its way: the network takes 2 ms at most for each of
	// its messages.
	inFlight = 100 * time.Millisecond
)

func newLookout(w *world) *lookout {
	return &lookout{
		world: w, met: make(map[string]bool), begun: make(map[string]begun), over: make(map[string]bool),
		asked: make(map[string]time.Time), closed: make(map[gate.Name]closure), failed: make(map[gate.Name][]string),
	}
}

// begins notes that a process was told that it has begun an attempt, by the time at which Redis
// began it. The process may hear of it late, after another one has begun the next: so the time
// decides which attempt is the newest, and not the order in which replies come.
func (l *lookout) begins(impUID, who string, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if at.After(l.begun[impUID].at) {
		l.begun[impUID] = begun{who, at}
	}
}

// discards notes that a person has discarded a dead letter, by a call that began at a time. If the
// receipt was requested since then, the request may have come after the discarding, and may be
// called for.
func (l *lookout) discards(impUID string, began time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over[impUID] = l.asked[impUID].Before(began)
}

// wants notes that a producer or a person is about to request a receipt, or to do something after
// which it may be called for: before the call, since a worker may be faster than its answer.
func (l *lookout) wants(impUID string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over[impUID], l.asked[impUID] = false, time.Now()
}

// meet notes a DELETE or a lookup, and reports whether it is the first one of the imp_uid. Only the
// Retry-After of a first one surely holds all workers: that of a receipt which was turned away
// before, while PortOne answered others, holds no other (worker/revoke/admit.go, hold).
func (l *lookout) meet(impUID string) (first bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	first = !l.met[impUID]
	l.met[impUID] = true
	return first
}

// call is a DELETE from its arrival to its answer, with the gates as they stood when it arrived.
type call struct {
	payment payment
	first   bool // of the imp_uid
	gates   map[gate.Name]closure
}

// arrive looks at a DELETE that has arrived. It fails if another process has begun the newest
// attempt on the receipt, if a person had discarded its dead letter, or if it comes while a hold is
// in force. After a loss Redis may have forgotten an attempt or a discarding that its processes
// were told of, so that a scenario with one does not check these two.
//
// A hold is checked from grace after its answer on, until half a second before its end: so much
// too early the key may expire that holds it, see ttlStep.
func (l *lookout) arrive(who string, p payment, first bool) call {
	l.mu.Lock()
	defer l.mu.Unlock()
	newest, loses, now := l.begun[p.ImpUID], l.world.scenario.has(RedisLoses), time.Now()
	switch {
	case newest.who != who && now.Sub(newest.at) > inFlight && !loses:
		l.world.fail(p.ImpUID, "DELETE of %s, although %s began an attempt %v ago", who, newest.who, now.Sub(newest.at))
	case l.over[p.ImpUID] && !loses:
		l.world.fail(p.ImpUID, "DELETE of what a person had discarded")
	case now.After(l.held.from.Add(grace)) && now.Before(l.held.to.Add(-ttlStep)) && l.world.calmSince(l.held.from):
		l.world.fail(p.ImpUID, "DELETE, %v before the Retry-After is over that everybody was told %v ago",
			l.held.to.Sub(now), now.Sub(l.held.from))
	}
	// Where the producer is mistaken about the gateway, the DELETE passes another gate than that of
	// the gateway that answers it: it proves nothing about either.
	c := call{payment: p, first: first, gates: make(map[gate.Name]closure)}
	if p.PG == p.receipt.PG {
		c.gates[gate.Of(p.PG)] = l.pass(gate.Of(p.PG), p.ImpUID)
		c.gates[gate.PortOne] = l.pass(gate.PortOne, p.ImpUID)
	}
	return c
}

// pass returns how a gate stands as a DELETE arrives that has passed it. It counts those that
// come more than ten seconds after it has closed, which must be probes, and fails where one is more
// than [callsWithin] allows by then. The caller holds l.mu.
func (l *lookout) pass(name gate.Name, impUID string) closure {
	now := l.world.stands(name)
	if c := l.closed[name]; c.epoch == now.epoch {
		now = c
	}
	if since := time.Since(now.since); now.epoch != "" && since > 2*grace && l.world.calmSince(now.since) {
		now.calls++
		if bound := callsWithin(since); now.calls == bound+1 {
			l.world.fail(impUID, "%d DELETEs within %v through the gate of %s, which is closed: more than %d",
				now.calls, since, name, bound)
		}
	}
	l.closed[name] = now
	return now
}

// callsWithin is how many DELETEs probes may make in so long a time: the intervals grow by a tenth,
// from one second to ten, so that the first n take 10 × (1.1^n - 1) s, and after 25 they are ten
// seconds long. A probe calls for two receipts where the first is a single request and a list waits,
// too, and half as many probes more may come of processes that take over. In a minute these are 71
// calls, in ten minutes 217.
func callsWithin(d time.Duration) int {
	growing := math.Log(1+d.Seconds()/10) / math.Log(1.1)
	return 5 + int(2.5*(min(growing, 25)+d.Seconds()/gate.DefaultProbeMax.Seconds()))
}

// stands returns how a gate stands in Redis, read past all faults. An epoch is the time at which the
// gate closed, in microseconds of Redis' clock (worker/gate/store_fail.lua): without the skew it
// is comparable with all other times here.
func (w *world) stands(name gate.Name) closure {
	key := tasks.Key(tasks.DefaultNamespace, "gate:"+string(name))
	if w.redis.memory.HGet(key, "state") != "closed" {
		return closure{}
	}
	epoch := w.redis.memory.HGet(key, "epoch")
	micros, _ := strconv.ParseInt(epoch, 10, 64)
	return closure{epoch: epoch, since: time.UnixMicro(micros).Add(-w.scenario.RedisSkew)}
}

// answer looks at the answer to a DELETE, which the process hears only if no fault disturbs now. A
// first 429 holds all workers from now on. A success through a gate that had long been closed must
// open it, which is looked at a while later.
func (l *lookout) answer(c call, seen *statusWriter) {
	now := time.Now()
	switch {
	case !l.world.calmSince(now):
	case seen.status == http.StatusTooManyRequests && c.first:
		seconds, _ := strconv.Atoi(seen.Header().Get("Retry-After")) // none is 0
		to := now.Add(time.Duration(seconds) * time.Second)
		l.mu.Lock()
		defer l.mu.Unlock()
		if to.After(l.held.to) {
			l.held = hold{now, to}
		}
	case seen.status == http.StatusInternalServerError:
		l.fails(c.payment)
	case seen.status == http.StatusOK && c.payment.nature == ordinary && !l.world.happens(Fault.ofPortOne):
		failed := l.succeeds(c.payment)
		// Only where the gate was closed as the DELETE arrived, and had been for a while: a success
		// opens a gate only if it is newer than the closing (worker/gate/store_settle.lua).
		for name, before := range c.gates {
			if before.epoch != "" && now.Sub(before.since) > grace {
				time.AfterFunc(grace, func() { l.mustHaveOpened(name, before, c.payment.ImpUID, now) })
				time.AfterFunc(promptly, func() { l.mustHaveCalled(failed, now) })
			}
		}
	}
}

// mustHaveOpened fails if a gate still stands as before a success. A gate that has opened and closed
// again has another epoch, and is no failure.
func (l *lookout) mustHaveOpened(name gate.Name, before closure, impUID string, success time.Time) {
	if l.world.stands(name).epoch == before.epoch && l.world.calmSince(success) {
		l.world.fail(impUID, "the gate of %s is closed although the DELETE succeeded %v ago", name, time.Since(success))
	}
}

// repairs are the messages that workers log when they put a task back (worker/sweep/overdue.go and
// reclaim.go). A message that is changed there has to be changed here, or no longer fails.
var repairs = []string{
	"enqueued again: its task was gone", "put back in line: the queue had lost them",
	"active without a lease: the next sweep takes them back",
	"taken off the active tasks: Redis holds no task of that ID", "taken back: its worker is gone",
}

// hear fails if a worker logs that it repairs what no fault and no person of the scenario can have
// damaged: then the product has lost the task by itself, and the repair hides it.
func (l *lookout) hear(impUID, message, line string) {
	s := l.world.scenario
	if slices.Contains(repairs, message) && !s.has(Archive, Delete) && !slices.ContainsFunc(s.Faults, Fault.losesAnswers) {
		l.world.fail(impUID, "a worker repairs what nothing has damaged: %s", line)
	}
}
