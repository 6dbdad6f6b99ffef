package fetch

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/redisfault"
	"receiptrevoker/tasks/wait"
	"receiptrevoker/worker/complaint"
)

const (
	// failedPause is after which time a queue is asked again that could not be.
	failedPause = time.Second
	// closedPause is how long a server waits that asks although nothing is taken any more: it asks for each of its
	// queues once more before it stops.
	closedPause = time.Millisecond
	// drainEvery is how often Drain looks whether the tasks that were taken have begun.
	drainEvery = time.Millisecond
)

// Scripts runs scripts in Redis, one also several times in one round trip.
type Scripts interface {
	EvalSha(ctx context.Context, hash string, keys []string, args ...any) *redis.Cmd
	EvalShas(ctx context.Context, times int, hash string, keys []string, args ...any) []*redis.Cmd
	Eval(ctx context.Context, text string, keys []string, args ...any) *redis.Cmd
}

// Client is that of one of Asynq's servers, which runs all that it does in scripts. The server asks for the next task
// of one queue after the other; whichever it asks for, it gets the task whose turn it is. A task says itself of which
// queue it is.
type Client struct {
	redis.UniversalClient
	scripts    Scripts
	choice     *choice
	complaints *complaint.Log
}

// Handler returns a handler that tells for how many tasks there is room. The server must have no other.
func (c *Client) Handler(next asynq.Handler) asynq.Handler {
	return asynq.HandlerFunc(func(ctx context.Context, task *asynq.Task) error {
		queue, _ := asynq.GetQueueName(ctx)
		defer c.choice.begin(queue)()
		return next.ProcessTask(ctx, task)
	})
}

// EvalSha runs a script by its hash, unless it would find nothing.
func (c *Client) EvalSha(ctx context.Context, hash string, keys []string, args ...any) *redis.Cmd {
	return c.script(ctx, keys, args, func(times int, keys []string, args []any) []*redis.Cmd {
		return c.scripts.EvalShas(ctx, times, hash, keys, args...)
	})
}

// Eval runs a script, unless it would find nothing.
func (c *Client) Eval(ctx context.Context, text string, keys []string, args ...any) *redis.Cmd {
	return c.script(ctx, keys, args, func(_ int, keys []string, args []any) []*redis.Cmd {
		return []*redis.Cmd{c.scripts.Eval(ctx, text, keys, args...)}
	})
}

// run runs a script so many times, with these keys and arguments, in one round trip.
type run func(times int, keys []string, args []any) []*redis.Cmd

// script answers the two scripts that poll by what is known of the queues, and runs all others as they are.
func (c *Client) script(ctx context.Context, keys []string, args []any, run run) *redis.Cmd {
	if asynqkeys.Dequeues(keys) {
		return c.dequeue(ctx, args, run)
	}
	if set, queue, ok := asynqkeys.Forwards(keys); ok {
		return c.forward(ctx, set, queue, func() *redis.Cmd { return run(1, keys, args)[0] })
	}
	return run(1, keys, args)[0]
}

// dequeue returns the next task. Where there is none to be had it waits, and then says that there was none: Asynq
// gives a task 30 seconds from when it asked, and so asks anew. An error concerns one queue, and Asynq asks anew
// after it, too.
func (c *Client) dequeue(ctx context.Context, args []any, run run) *redis.Cmd {
	task, queue, times, signs := c.choice.give()
	switch {
	case task != nil:
		return task
	case queue == "":
		c.hold(ctx)
		none := redis.NewCmd(ctx)
		none.SetErr(redis.Nil)
		return none
	}
	keys, args := asynqkeys.Dequeue(queue, args)
	replies := run(times, keys, args)
	var taken []*redis.Cmd
	var failed *redis.Cmd
	empty := false
	for _, reply := range replies {
		switch err := reply.Err(); {
		case err == nil:
			taken = append(taken, reply)
		case errors.Is(err, redis.Nil):
			empty = true
		case redisfault.Failed(err):
			failed = reply
		}
	}
	task = c.choice.take(queue, taken, len(taken) == len(replies), empty, signs)
	if failed != nil {
		c.choice.fail(queue, signs)
	}
	switch {
	case task != nil:
		return task
	case failed != nil:
		return failed
	}
	return replies[0] // the queue is empty, or Redis does not know the script, which Asynq sends then
}

// hold waits until there may be a task to be had. Where nothing is taken any more it waits a little: the server asks
// again until it stops.
func (c *Client) hold(ctx context.Context) {
	if c.choice.hold(ctx); c.choice.stops() {
		_ = wait.For(ctx, closedPause)
	}
}

// forward moves what is due from a sorted set to the end of a queue, if anything is. Asynq asks for it again and
// again for every queue (forwardEvery in package worker), and nothing is due most times.
func (c *Client) forward(ctx context.Context, set, queue string, run func() *redis.Cmd) *redis.Cmd {
	if !c.choice.takeDue(queue, set) {
		return nothing(ctx)
	}
	reply := run()
	// The script moves a hundred at most: there may be more. Asynq asks for no other queue after an error, and is told
	// none.
	moved, err := reply.Int()
	if err == nil && moved > 0 {
		c.choice.putDue(queue, set)
		c.choice.wake(queue)
	}
	if redisfault.Failed(err) {
		time.AfterFunc(failedPause, func() { c.choice.putDue(queue, set) })
		c.complaints.Add(slog.LevelWarn, "forward", "retries that are due not moved to their queue, trying again",
			"queue", queue, "error", err)
		return nothing(ctx)
	}
	if err != nil {
		c.choice.putDue(queue, set) // Redis does not know the script, which Asynq sends then
	}
	return reply
}

// nothing is the reply of a script that moved nothing.
func nothing(ctx context.Context) *redis.Cmd {
	reply := redis.NewCmd(ctx)
	reply.SetVal(int64(0))
	return reply
}
