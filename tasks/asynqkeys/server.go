package asynqkeys

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// What Asynq's server asks Redis for again and again, and finds nothing most times.

// Dequeues reports whether a script with these keys takes the next task off a queue.
func Dequeues(keys []string) bool {
	if len(keys) != 4 {
		return false
	}
	_, ok := queueOf(keys[0], "pending")
	return ok
}

// Dequeue returns the keys and arguments with which the script that takes the next task off a queue takes it off
// another one, whose task says itself of which queue it is. args are those for whichever queue: first when the lease of
// the task ends.
func Dequeue(queue string, args []any) ([]string, []any) {
	keys := []string{Key(queue, "pending"), Key(queue, "paused"), Key(queue, "active"), Key(queue, "lease")}
	return keys, []any{args[0], Key(queue, "t:")}
}

// Forwards reports whether a script with these keys moves what is due to the end of a queue, and which. set is the
// key of the sorted set from which it does.
func Forwards(keys []string) (set, queue string, ok bool) {
	if len(keys) != 2 {
		return "", "", false
	}
	queue, ok = queueOf(keys[1], "pending")
	return keys[0], queue, ok
}

// queueOf returns the queue of a key that has a name.
func queueOf(key, name string) (queue string, ok bool) {
	queue, begins := strings.CutPrefix(key, "asynq:{")
	queue, ends := strings.CutSuffix(queue, "}:"+name)
	return queue, begins && ends
}

// Work is what is to be done in a queue.
type Work struct {
	Pending bool     // a task waits; the queue may be paused
	Due     []string // keys of the sorted sets of which a task is to be moved to the end of the queue
}

// laterSets returns the keys of a queue's sorted sets whose tasks are for later.
func laterSets(queue string) []string { return []string{Key(queue, "scheduled"), Key(queue, "retry")} }

// Look returns what is to be done in queues, in their order, in one round trip. What is due is looked for
// if due is true. The error is that of any of them; of those that could be read it tells all the same.
func Look(ctx context.Context, client redis.Cmdable, queues []string, due bool) ([]Work, error) {
	now := strconv.FormatInt(time.Now().Unix(), 10) // as Asynq's server compares it
	pending := make([]*redis.IntCmd, len(queues))
	waiting := make(map[string]*redis.IntCmd)
	err := pipelined(ctx, client, func(p redis.Pipeliner) {
		for i, queue := range queues {
			pending[i] = p.Exists(ctx, Key(queue, "pending"))
			for _, set := range laterSets(queue) {
				if due {
					waiting[set] = p.ZCount(ctx, set, "-inf", now)
				}
			}
		}
	})
	work := make([]Work, len(queues))
	for i, queue := range queues {
		work[i].Pending = pending[i].Val() > 0
		for _, set := range laterSets(queue) {
			if due && waiting[set].Val() > 0 {
				work[i].Due = append(work[i].Due, set)
			}
		}
	}
	return work, err
}
