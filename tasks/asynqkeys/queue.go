// Package asynqkeys is everything this project knows about Asynq 0.26 that Asynq does not
// promise: its keys, the states and the form of its tasks, and its errors' texts. It reads
// queues, finds, enqueues, removes, brings forward and recovers tasks, pauses queues, and reads which
// workers serve them. An upgrade of Asynq is an upgrade of this package.
//
// Asynq's Inspector takes three round trips for each queue and weighs a sample of its tasks, which
// costs more than most who ask want to spend, and needs a right that few users of Redis
// have (MEMORY USAGE).
package asynqkeys

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
)

// Registry is Asynq's set of the queues that exist.
const Registry = "asynq:queues"

// Key returns one of Asynq's keys of a queue, such as "pending" or "t:<task
// ID>"; its packages name them in internal/base.
func Key(queue, name string) string { return "asynq:{" + queue + "}:" + name }

// Queue is what is in one of Asynq's queues.
type Queue struct {
	Name string
	// How many tasks there are in each of Asynq's states.
	Pending, Active, Scheduled, Retry, Archived int64
	// Since is when the first in line began to wait; zero if there is none.
	Since  time.Time
	Paused bool
	// Processed is how many tasks were ever worked on, failures included.
	Processed int64
}

// Waiting returns how many tasks are to be worked on, now or later.
func (q Queue) Waiting() int64 { return q.Pending + q.Scheduled + q.Retry }

// Unserved returns how many tasks wait where no worker is running: those that it had taken
// up do so as well.
func (q Queue) Unserved() int64 { return q.Waiting() + q.Active }

// Oldest returns for how long the first in line has been waiting, 0 if there is
// none.
func (q Queue) Oldest(now time.Time) time.Duration {
	if q.Since.IsZero() {
		return 0
	}
	return max(now.Sub(q.Since), 0)
}

// register makes a queue known to Asynq.
func register(ctx context.Context, client redis.Cmdable, queue string) error {
	return client.SAdd(ctx, Registry, queue).Err()
}

// RegisterAgain makes a queue known again if it holds tasks that are still to be done. A Redis
// that lost its data forgets its queues, and producers that run on register theirs once only.
func RegisterAgain(ctx context.Context, client redis.Cmdable, queue string) error {
	held, err := client.Exists(ctx,
		Key(queue, "pending"), Key(queue, "active"), Key(queue, "scheduled"), Key(queue, "retry")).Result()
	if err == nil && held > 0 {
		err = register(ctx, client, queue)
	}
	return err
}

// Names returns the names of all queues that Asynq knows, in order, also of
// those that are not this project's.
func Names(ctx context.Context, client redis.Cmdable) ([]string, error) {
	names, err := client.SMembers(ctx, Registry).Result()
	if err != nil {
		return nil, fmt.Errorf("list the queues: %w", err)
	}
	slices.Sort(names)
	return names, nil
}

// Ours returns the names of the queues of a namespace, in order.
func Ours(ctx context.Context, client redis.Cmdable, namespace string) ([]string, error) {
	names, err := Names(ctx, client)
	return slices.DeleteFunc(names, func(name string) bool { return !isOf(name, namespace) }), err
}

// isOf reports whether a queue is one of a namespace.
func isOf(queue, namespace string) bool {
	q, ours := tasks.ParseQueue(queue)
	return ours && q.IsIn(namespace)
}

// Gone reports whether Asynq says that there is no such task, or no such queue.
func Gone(err error) bool {
	return errors.Is(err, asynq.ErrTaskNotFound) || errors.Is(err, asynq.ErrQueueNotFound)
}

// Read returns what is in the named queues, in their order, in two round trips.
// A queue that does not exist is empty.
func Read(ctx context.Context, client redis.Cmdable, names []string) ([]Queue, error) {
	queues, first, err := readLengths(ctx, client, names)
	if err != nil {
		return nil, err
	}
	return queues, readOldest(ctx, client, queues, first)
}

// readLengths returns the queues, and the ID of the first in each line, empty
// if there is none.
func readLengths(ctx context.Context, client redis.Cmdable, names []string) ([]Queue, []string, error) {
	asked := make([]lengths, len(names))
	err := pipelined(ctx, client, func(p redis.Pipeliner) {
		for i, name := range names {
			asked[i] = ask(ctx, p, name)
		}
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read the lengths of queues, in all %d: %w", len(names), err)
	}
	queues, first := make([]Queue, len(names)), make([]string, len(names))
	for i, name := range names {
		queues[i], first[i] = asked[i].queue(name), asked[i].first.Val()
	}
	return queues, first, nil
}

// lengths are the replies to what is asked about a queue.
type lengths struct {
	pending, active, scheduled, retry, archived, paused *redis.IntCmd
	processed, first                                    *redis.StringCmd
}

func ask(ctx context.Context, p redis.Pipeliner, name string) lengths {
	return lengths{
		pending: p.LLen(ctx, Key(name, "pending")), active: p.LLen(ctx, Key(name, "active")),
		scheduled: p.ZCard(ctx, Key(name, "scheduled")), retry: p.ZCard(ctx, Key(name, "retry")),
		archived: p.ZCard(ctx, Key(name, "archived")), paused: p.Exists(ctx, Key(name, "paused")),
		processed: p.Get(ctx, Key(name, "processed")), first: p.LIndex(ctx, Key(name, "pending"), -1),
	}
}

func (l lengths) queue(name string) Queue {
	processed, _ := l.processed.Int64() // 0 where nothing was
	return Queue{
		Name: name, Pending: l.pending.Val(), Active: l.active.Val(), Scheduled: l.scheduled.Val(),
		Retry: l.retry.Val(), Archived: l.archived.Val(), Paused: l.paused.Val() > 0, Processed: processed,
	}
}

// readOldest fills in since when the first in each line has been waiting.
func readOldest(ctx context.Context, client redis.Cmdable, queues []Queue, first []string) error {
	since := make(map[int]*redis.StringCmd)
	err := pipelined(ctx, client, func(p redis.Pipeliner) {
		for i, id := range first {
			if id != "" {
				since[i] = p.HGet(ctx, Key(queues[i].Name, "t:"+id), "pending_since")
			}
		}
	})
	if err != nil {
		return fmt.Errorf("read the first task of %d queues: %w", len(queues), err)
	}
	for i, reply := range since {
		if nanos, err := strconv.ParseInt(reply.Val(), 10, 64); err == nil {
			queues[i].Since = time.Unix(0, nanos)
		}
	}
	return nil
}

// pipelined sends what is asked in one round trip. That something does not
// exist is no error: a queue may be new, and a task taken off meanwhile.
func pipelined(ctx context.Context, client redis.Cmdable, ask func(redis.Pipeliner)) error {
	replies, _ := client.Pipelined(ctx, func(p redis.Pipeliner) error {
		ask(p)
		return nil
	})
	for _, reply := range replies {
		if err := reply.Err(); err != nil && !errors.Is(err, redis.Nil) {
			return err
		}
	}
	return nil
}
