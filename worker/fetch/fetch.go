// Package fetch stands between Asynq's servers and Redis. It decides of which queue a server's next task is, takes
// tasks off their queues several at a time, and keeps from Redis what would be asked for in vain. Asynq polls: a
// server that has nothing to do asks for each of its queues, again and again. Here it is held back while none of
// its queues holds a task, until a producer says that one has got one, or [Queues.Run] has seen one.
//
// Nothing depends on the producers' messages: one that is lost costs a task at most one poll. A queue that is wrongly
// believed to hold one costs one question.
package fetch

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/wait"
	"receiptrevoker/tasks/wake"
	"receiptrevoker/worker/complaint"
	"receiptrevoker/worker/pulse"
)

// DueEvery is how often the process looks for retries that are due, unless Poll is longer. So long a
// retry may wait longer than its schedule says.
const DueEvery = 500 * time.Millisecond

// Queues is what a process knows of the queues that its servers serve. Its methods are safe for
// concurrent use.
type Queues struct {
	Redis     redis.UniversalClient
	Namespace string
	// Poll is how often the process looks for tasks of which no producer told.
	Poll       time.Duration
	Complaints *complaint.Log
	Pulse      *pulse.Pulse

	mu      sync.Mutex
	clients []*Client
	closed  bool
}

// Run looks for work until ctx is done, and holds no server back from then on: Asynq's servers stop
// only once they are free.
func (q *Queues) Run(ctx context.Context) {
	// The subscription comes before the first look: a task of which a producer tells in between is seen
	// by either.
	woken := q.Redis.Subscribe(ctx, wake.Channel(q.Namespace))
	defer q.close()
	listened := make(chan struct{})
	// go-redis subscribes again by itself after a connection was lost. Messages of that time are lost,
	// too.
	go func() {
		defer close(listened)
		for message := range woken.Channel() {
			q.wake(message.Payload)
		}
	}()
	q.look(ctx)
	woken.Close()
	<-listened
}

// look looks again and again for tasks of which no producer told, and for retries that are due.
func (q *Queues) look(ctx context.Context) {
	defer q.Pulse.End("fetch")
	var dueAt time.Time
	for ; ctx.Err() == nil; _ = wait.For(ctx, q.Poll) {
		q.Pulse.Beat("fetch")
		now := time.Now()
		due := !now.Before(dueAt)
		if due {
			dueAt = now.Add(max(DueEvery, q.Poll))
		}
		q.lookOnce(ctx, due)
	}
}

// lookOnce looks in one round trip.
func (q *Queues) lookOnce(ctx context.Context, due bool) {
	var queues []string
	var of []*choice
	for _, c := range q.all() {
		for _, name := range c.choice.quiet(due) {
			queues, of = append(queues, name), append(of, c.choice)
		}
	}
	if len(queues) == 0 {
		return
	}
	work, err := asynqkeys.Look(ctx, q.Redis, queues, due)
	if err != nil && ctx.Err() == nil {
		q.Complaints.Add(slog.LevelWarn, "fetch", "no look for tasks, trying again", "error", err)
	}
	for i, queue := range queues {
		of[i].see(queue, work[i])
	}
}

// Client returns the client for a server of the queues of gateways, which takes up to so many tasks of each at a
// time, and whose scripts go another way to the same Redis. No other client may have these gateways.
func (q *Queues) Client(scripts Scripts, gateways []tasks.Gateway, most int) *Client {
	c := &Client{
		UniversalClient: q.Redis, scripts: scripts, choice: newChoice(q.Namespace, gateways, most), complaints: q.Complaints,
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.clients = append(q.clients, c)
	if q.closed {
		c.choice.close()
	}
	return c
}

// all returns the clients so far.
func (q *Queues) all() []*Client {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clone(q.clients)
}

// wake notes that a queue has got a task. One that no server here serves is of no interest: the channel is that of
// the whole namespace.
func (q *Queues) wake(name string) {
	for _, c := range q.all() {
		if c.choice.queues[name] != nil {
			c.choice.wake(name)
		}
	}
}

// close ends the taking of tasks, also by clients that are made later.
func (q *Queues) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	for _, c := range q.clients {
		c.choice.close()
	}
}

// Drain waits until every task that was taken is given to its server, or ctx is done. Call it once Run has ended and
// before the servers stop: one that stops asks for no more tasks, and what was taken for it would wait for the end of
// its lease.
func (q *Queues) Drain(ctx context.Context) {
	drains := func(c *Client) bool { return c.choice.drains() }
	for slices.ContainsFunc(q.all(), drains) && wait.For(ctx, drainEvery) == nil {
	}
}
