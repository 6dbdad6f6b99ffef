package fetch

import (
	"context"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
)

const (
	// singlesInTurn is how many single tasks come between two of lists where both of a gateway's queues hold tasks: a
	// person waits for each of them, and a list must move, too.
	singlesInTurn = 9
	// mostAtOnce is how many tasks are taken off a queue in one round trip. Should the process die at this moment,
	// they wait for the end of their leases, as those do that it was working on.
	mostAtOnce = 64
	// begins is how long a task that was given may take until the handler has got it, which takes microseconds.
	begins = 10 * time.Second
)

// choice decides of which queue the next task is: of one that holds a task, of a gateway that has room for it. The
// gateways take turns, and in each a single request passes its lists, but for each tenth turn.
type choice struct {
	mu       sync.Mutex
	gateways []*gateway
	queues   map[string]*queue
	turn     int           // the gateway that is looked at first
	closed   bool          // nothing is taken any more; what was taken is still given
	held     chan struct{} // closed once there may be a task; nil while the server does not wait
}

// gateway is the two queues of a gateway, and the tasks that the server was given of it.
type gateway struct {
	single, bulk *queue
	most         int         // tasks at a time
	running      int         // those that the handler has
	given        []time.Time // when those were given that it has not got yet, the latest last
	singles      int         // given since the last one of a list
}

// queue is what is known of a queue.
type queue struct {
	name    string
	gateway *gateway
	may     bool // it may hold a task
	// signs is how often it was said that the queue has a task. That a question found none counts only if it was asked
	// after the last of these: a task may have come since.
	signs int
	// due says of each sorted set whether a task in it may be due. A set that is not there has not been looked at.
	due   map[string]bool
	ahead []*redis.Cmd // the tasks that were taken and not given yet
	asked int          // tasks that Redis is being asked for
	trust int          // how many tasks it is believed to hold
}

// newChoice returns the choice between the queues of gateways, each with up to so many tasks at a time. It begins
// with the belief that there is work in each: what waits when a worker starts is found by asking, and no producer
// tells of it again.
func newChoice(namespace string, gateways []tasks.Gateway, most int) *choice {
	c := &choice{queues: make(map[string]*queue)}
	for _, pg := range gateways {
		g := &gateway{most: most}
		g.single = c.add(g, tasks.Queue{PG: pg}.In(namespace))
		g.bulk = c.add(g, tasks.Queue{PG: pg, Bulk: true}.In(namespace))
		c.gateways = append(c.gateways, g)
	}
	return c
}

func (c *choice) add(g *gateway, q tasks.Queue) *queue {
	added := &queue{name: q.Name(), gateway: g, may: true, due: make(map[string]bool)}
	c.queues[added.name] = added
	return added
}

// left returns how many tasks were taken, or are being taken, and not given yet.
func (g *gateway) left() int {
	return len(g.single.ahead) + g.single.asked + len(g.bulk.ahead) + g.bulk.asked
}

// room returns how many more tasks the server may be given. One that was given and that the handler has not got by
// now it never gets: Asynq could not read it, or its deadline had passed.
func (g *gateway) room() int {
	for len(g.given) > 0 && time.Since(g.given[0]) > begins {
		g.given = g.given[1:]
	}
	return g.most - g.running - len(g.given)
}

// next returns the queue of which the gateway's next task is, nil if there may be none, or no room for it.
func (g *gateway) next(closed bool) *queue {
	room := g.room()
	if room <= 0 {
		return nil
	}
	line := [2]*queue{g.single, g.bulk}
	if g.singles >= singlesInTurn {
		line[0], line[1] = line[1], line[0]
	}
	for _, q := range line {
		if len(q.ahead) > 0 || q.may && !closed && g.left() < room {
			return q
		}
	}
	return nil
}

// wanted returns how many tasks to take off one of the gateway's queues. While both may hold tasks it is no more than
// are to be given before the turn of the other one comes.
func (g *gateway) wanted(q *queue) int {
	most := min(g.room()-g.left(), q.trust)
	switch {
	case q == g.bulk && g.single.may:
		most = 1
	case q == g.single && g.bulk.may:
		most = min(most, singlesInTurn-g.singles)
	}
	return max(most, 1)
}

// next returns the queue of which the next task is, nil if there is none to be had. The caller holds the lock.
func (c *choice) next() *queue {
	for i := range c.gateways {
		at := (c.turn + i) % len(c.gateways)
		if q := c.gateways[at].next(c.closed); q != nil {
			c.turn = at
			return q
		}
	}
	return nil
}

// give returns the next task that was taken, if it is its turn; otherwise of which queue so many tasks are to be
// taken first, for [choice.take], and how often it was said so far that it has one; or nothing, where there is no
// task to be had. A task that is given takes up room, until the handler has ended it.
func (c *choice) give() (task *redis.Cmd, from string, times, signs int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	q := c.next()
	switch {
	case q == nil:
		return nil, "", 0, 0
	case len(q.ahead) == 0:
		q.asked = q.gateway.wanted(q)
		return nil, q.name, q.asked, q.signs
	}
	return c.pop(q), q.name, 0, 0
}

// pop returns the first of a queue's tasks that were taken. The caller holds the lock.
func (c *choice) pop(q *queue) (task *redis.Cmd) {
	task, q.ahead = q.ahead[0], q.ahead[1:]
	q.gateway.given = append(q.gateway.given, time.Now())
	if q.gateway.singles++; q == q.gateway.bulk {
		q.gateway.singles = 0
	}
	c.turn++
	return task
}

// take keeps tasks that were taken off a queue, and returns the first, nil if there is none. If these were as many
// as were asked for, it may be twice as many the next time, so that one with little to do is not asked in vain. One
// that was found empty is not asked again, unless it was said since the question that it has a task.
func (c *choice) take(name string, tasks []*redis.Cmd, all, empty bool, signs int) (first *redis.Cmd) {
	c.mu.Lock()
	defer c.mu.Unlock()
	q := c.queues[name]
	q.asked = 0
	q.ahead = append(q.ahead, tasks...)
	if q.trust = min(2*max(q.trust, 1), mostAtOnce); !all {
		q.trust = 1
	}
	if empty && q.signs == signs {
		q.may = false
	}
	if len(q.ahead) > 0 {
		first = c.pop(q)
	}
	return first
}

// fail notes that a queue could not be asked, and gives the others their turn: it is asked again in a while, or
// once it is said that it has a task.
func (c *choice) fail(name string, signs int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turn++
	if q := c.queues[name]; q.signs == signs {
		q.may = false
		time.AfterFunc(failedPause, func() { c.wake(name) })
	}
}

// begin notes that the handler has got a task of a queue, and returns what notes that there is room again. A queue
// that is none of these is that of a task that another program has written: there was room for it all the same.
func (c *choice) begin(name string) (done func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	q := c.queues[name]
	if q == nil {
		return func() {}
	}
	g := q.gateway
	g.given = g.given[:max(len(g.given)-1, 0)]
	g.running++
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		g.running--
		c.release()
	}
}

// wake notes that a queue has got a task.
func (c *choice) wake(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	q := c.queues[name]
	q.may = true
	q.signs++
	c.release()
}

// release ends the wait of the server. The caller holds the lock.
func (c *choice) release() {
	if c.held != nil {
		close(c.held)
		c.held = nil
	}
}

// hold waits until there may be a task to be had, or ctx is done.
func (c *choice) hold(ctx context.Context) {
	released := c.wait()
	if released == nil {
		return
	}
	select {
	case <-released:
	case <-ctx.Done():
	}
}

// wait returns what is closed once there may be a task to be had, nil if there may be one already, or nothing is
// taken any more. Looking and waiting is one step, so that no message falls between.
func (c *choice) wait() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.next() != nil {
		return nil
	}
	if c.held == nil {
		c.held = make(chan struct{})
	}
	return c.held
}

// quiet returns the queues that are to be looked at: those that the server does not ask for by itself, or all.
func (c *choice) quiet(all bool) (names []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, q := range c.queues {
		if all || !q.may {
			names = append(names, name)
		}
	}
	return names
}

// see notes what was seen of a queue. That it has no task is not noted: the server learns that when it asks for one.
func (c *choice) see(name string, work asynqkeys.Work) {
	if work.Pending {
		c.wake(name)
	}
	for _, set := range work.Due {
		c.putDue(name, set)
	}
}

// takeDue reports whether a task of a sorted set of a queue may be due. It is false from then on until one is seen: a
// caller that finds more to move says so with [choice.putDue].
func (c *choice) takeDue(name, set string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	due := c.queues[name].due
	is, known := due[set]
	due[set] = false
	return is || !known
}

// putDue notes that a task of a sorted set of a queue may be due.
func (c *choice) putDue(name, set string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queues[name].due[set] = true
}

// close ends the taking of tasks, and the wait for one.
func (c *choice) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.release()
}

// stops reports whether nothing is taken any more.
func (c *choice) stops() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

// drains reports whether a task was taken, or may be at this moment, that is not given yet.
func (c *choice) drains() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, g := range c.gateways {
		if g.left() > 0 {
			return true
		}
	}
	return false
}
