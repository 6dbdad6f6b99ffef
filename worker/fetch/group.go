package fetch

import (
	"context"
	"sync"

	"receiptrevoker/tasks/asynqkeys"
)

// groups are the queues of all gateways. The zero value has none.
type groups struct {
	mu     sync.Mutex
	all    map[string]*group // by the names of their queues
	closed bool
}

// group is the queues of a gateway, and the servers that serve them and wait. All servers of a gateway
// share one: a message about a queue releases one of them, whichever waits longest.
type group struct {
	mu     sync.Mutex
	queues map[string]*queue
	held   []chan struct{} // closed to release a server; the one that waits longest comes first
	closed bool
}

// queue is what is known of a queue.
type queue struct {
	may bool // it may hold a task that a server can take
	// signs is how often it was said that the queue has a task. A server that asked before the last of
	// these and found nothing does not know better: a task may have come after its question.
	signs int
	// due says of each sorted set whether a task in it may be due. A set that is not there has not been
	// looked at.
	due map[string]bool
}

// of returns the group of queues. It begins with the belief that there is work in each: what waits when
// a worker starts is found by asking, and no producer tells of it again.
func (g *groups) of(names map[string]int) *group {
	g.mu.Lock()
	defer g.mu.Unlock()
	for name := range names {
		if known := g.all[name]; known != nil {
			return known
		}
	}
	if g.all == nil {
		g.all = make(map[string]*group)
	}
	made := &group{queues: make(map[string]*queue), closed: g.closed}
	for name := range names {
		made.queues[name], g.all[name] = &queue{may: true, due: make(map[string]bool)}, made
	}
	return made
}

// find returns the group of a queue, nil if no server serves it.
func (g *groups) find(name string) *group {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.all[name]
}

// quiet returns the queues that are to be looked at: those that a server would not ask for by itself,
// or all.
func (g *groups) quiet(all bool) (names []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for name, of := range g.all {
		if all || !of.may(name) {
			names = append(names, name)
		}
	}
	return names
}

// wake notes that a queue has got a task. A queue that no server here serves is of no interest: the
// channel is that of the whole namespace.
func (g *groups) wake(name string) {
	if of := g.find(name); of != nil {
		of.wake(name)
	}
}

// see notes what was seen of a queue. That it has no task is not noted: a server's own question tells
// that better.
func (g *groups) see(name string, work asynqkeys.Work) {
	of := g.find(name)
	if work.Pending {
		of.wake(name)
	}
	of.mu.Lock()
	defer of.mu.Unlock()
	for _, set := range work.Due {
		of.queues[name].due[set] = true
	}
}

// close releases all servers that are held, and holds none any more, also none that is made later.
func (g *groups) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	for _, of := range g.all {
		of.close()
	}
}

// may reports whether a queue may hold a task.
func (g *group) may(name string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.queues[name].may
}

// ask reports whether a queue may hold a task, and how often it was said so far, for [group.empty].
func (g *group) ask(name string) (signs int, may bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	q := g.queues[name]
	return q.signs, q.may
}

// wake notes that a queue has got a task, and releases a server. One is enough: if it finds more, it
// releases the next, so that one task does not bring all of them to Redis.
func (g *group) wake(name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	q := g.queues[name]
	q.may = true
	q.signs++
	if len(g.held) > 0 {
		close(g.held[0])
		g.held = g.held[1:]
	}
}

// release releases a server if a queue may hold more: who has taken a task lets the next one look.
func (g *group) release(name string) {
	if g.may(name) {
		g.wake(name)
	}
}

// stops reports whether servers are to take no more than they need at once.
func (g *group) stops() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.closed
}

// empty notes that a queue held no task, unless it was said since the question that it has one.
func (g *group) empty(name string, signs int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if q := g.queues[name]; q.signs == signs {
		q.may = false
	}
}

// hold waits until one of the queues may hold a task, or ctx is done.
func (g *group) hold(ctx context.Context) {
	released := g.wait()
	if released == nil {
		return
	}
	select {
	case <-released:
	case <-ctx.Done():
	}
}

// wait returns what is closed once one of the queues may hold a task, nil if one may already. Looking
// and entering the line is one step, so that no message falls between.
func (g *group) wait() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return nil
	}
	for _, q := range g.queues {
		if q.may {
			return nil
		}
	}
	released := make(chan struct{})
	g.held = append(g.held, released)
	return released
}

// takeDue reports whether a task of a sorted set may be due. It is false from then on until one is
// seen: a caller that finds more to move says so with [group.putDue].
func (g *group) takeDue(name, set string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	due := g.queues[name].due
	is, known := due[set]
	due[set] = false
	return is || !known
}

// putDue notes that a task of a sorted set may be due.
func (g *group) putDue(name, set string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.queues[name].due[set] = true
}

// close releases the servers that are held, and holds none any more.
func (g *group) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	for _, released := range g.held {
		close(released)
	}
	g.held = nil
}
