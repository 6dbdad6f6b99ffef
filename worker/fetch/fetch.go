// Package fetch stands between Asynq's servers and Redis, and keeps from it what they would ask for in
// vain. Asynq polls: a server that has nothing to do asks for each of its queues, again and again. Here
// a server asks for a queue that may hold a task, and is held back while none of its queues does, until
// a producer says that one has got a task, or [Queues.Run] has seen one.
//
// Nothing depends on the producers' messages: one that is lost costs a task at most one poll. A queue
// that is wrongly believed to hold one costs one question.
package fetch

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

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

	groups  groups
	servers []*Server
}

// Run looks for work until ctx is done, and holds no server back from then on: Asynq's servers stop
// only once they are free.
func (q *Queues) Run(ctx context.Context) {
	// The subscription comes before the first look: a task of which a producer tells in between is seen
	// by either.
	woken := q.Redis.Subscribe(ctx, wake.Channel(q.Namespace))
	defer q.groups.close()
	listened := make(chan struct{})
	// go-redis subscribes again by itself after a connection was lost. Messages of that time are lost,
	// too.
	go func() {
		defer close(listened)
		for message := range woken.Channel() {
			q.groups.wake(message.Payload)
		}
	}()
	q.look(ctx)
	woken.Close()
	<-listened
}

// look looks for tasks of which no producer told, and for retries that are due. A look asks for all
// queues in one round trip.
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
		queues := q.groups.quiet(due)
		if len(queues) == 0 {
			continue
		}
		work, err := asynqkeys.Look(ctx, q.Redis, queues, due)
		if err != nil {
			if ctx.Err() == nil {
				q.Complaints.Add(slog.LevelWarn, "fetch", "no look for tasks, trying again", "error", err)
			}
			continue
		}
		for i, queue := range queues {
			q.groups.see(queue, work[i])
		}
	}
}

// Server returns the client for a server of a gateway's queues with so many slots, whose scripts go another way to the
// same Redis. Several servers may have the same queues, and each queue belongs to one gateway.
func (q *Queues) Server(scripts Scripts, queues map[string]int, slots int) *Server {
	s := &Server{
		UniversalClient: q.Redis, scripts: scripts, group: q.groups.of(queues), free: slots,
		ahead: make(map[string][]*redis.Cmd), trust: make(map[string]int),
	}
	q.servers = append(q.servers, s)
	return s
}

// Drain waits until every task that was taken is given to its server, or ctx is done. Call it once Run has ended and
// before the servers stop: one that stops asks for no more tasks, and what was taken for it would wait for the end of
// its lease. No server may be made meanwhile.
func (q *Queues) Drain(ctx context.Context) {
	for slices.ContainsFunc(q.servers, (*Server).drains) && wait.For(ctx, drainEvery) == nil {
	}
}
