// Package wake has producers tell workers that a queue has got a task, so that idle ones need not ask.
package wake

import (
	"context"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/redisfault"
	"receiptrevoker/tasks/wait"
)

const (
	// every is how often a queue's workers are woken at most: those that are awake take tasks until there
	// is none, and a list enqueues thousands a second.
	every = time.Millisecond
	// timeout bounds the wait for a Redis that does not answer.
	timeout = 5 * time.Second
)

// Channel returns the channel of Redis on which the workers of a namespace are told the names of queues that
// have got a task.
func Channel(namespace string) string { return tasks.Key(namespace, "wake") }

// Waker tells workers that a queue has got a task. What it tells may be lost, as all messages of Redis: workers look
// for tasks by themselves, too, if later. Its methods are safe for concurrent use; the nil Waker tells nothing.
type Waker struct {
	client  redis.Cmdable
	channel string

	mu        sync.Mutex
	waiting   map[string]struct{} // queues that are still to be told
	telling   bool
	forbidden bool // for the user of Redis
}

// New returns what wakes the workers of a namespace.
func New(client redis.Cmdable, namespace string) *Waker {
	return &Waker{client: client, channel: Channel(namespace), waiting: make(map[string]struct{})}
}

// Wake tells the workers that a queue has got a task, without waiting for Redis: one goroutine, which ends when
// nothing is left to be told, tells what many callers ask for meanwhile.
func (w *Waker) Wake(queue string) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.forbidden {
		return
	}
	w.waiting[queue] = struct{}{}
	if !w.telling {
		w.telling = true
		go w.tell()
	}
}

// tell tells what is waiting until nothing is. A user who may not publish, as those of Redis 7 that nobody has
// given the channel, tries once.
func (w *Waker) tell() {
	ctx := context.Background() // the caller of Wake has gone on
	for {
		queues := w.next()
		if len(queues) == 0 {
			return
		}
		bounded, cancel := context.WithTimeout(ctx, timeout)
		_, err := w.client.Pipelined(bounded, func(p redis.Pipeliner) error {
			for queue := range queues {
				p.Publish(bounded, w.channel, queue)
			}
			return nil
		})
		cancel()
		if redisfault.Of(err) == redisfault.NoPerm {
			w.mu.Lock()
			w.forbidden, w.telling = true, false
			w.mu.Unlock()
			return
		}
		_ = wait.For(ctx, every)
	}
}

// next takes the queues that are waiting to be told. If there are none, the goroutine that asks is to end.
func (w *Waker) next() map[string]struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	queues := w.waiting
	w.waiting, w.telling = make(map[string]struct{}), len(queues) > 0
	return queues
}
