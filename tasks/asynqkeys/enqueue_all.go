package asynqkeys

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"
)

//go:embed enqueue_all.lua
var enqueueAllSource string

var enqueueAllScript = redis.NewScript(enqueueAllSource)

const (
	// enqueuedTogether is how many tasks one script enqueues: Redis takes half a millisecond for it, in which it
	// answers no other client.
	enqueuedTogether = 100
	// enqueuedAtOnce is how many of what is enqueued together waits for Redis at a time.
	enqueuedAtOnce = 16
)

// errNotAtOnce says that a task is not one that Asynq would enqueue at once.
var errNotAtOnce = errors.New("the task is not for now")

// Enqueued is what became of a task: New is what [Producer.Enqueue] reports.
type Enqueued struct {
	New bool
	Err error
}

// EnqueueAll enqueues tasks as [Producer.Enqueue] does, but those of a queue together, in their order. It returns what
// became of each. Where Redis does not answer, some may be enqueued, which a repetition finds.
func (p Producer) EnqueueAll(ctx context.Context, all []Task) []Enqueued {
	results := make([]Enqueued, len(all))
	composer := &composer{UniversalClient: p.Redis}
	client := asynq.NewClientFromRedisClient(composer)
	together := make(map[string][]int) // by queue, the tasks that Asynq would enqueue at once
	var alone []int
	for i, t := range all {
		if _, err := client.EnqueueContext(ctx, t.task); err != nil { // it is for later, say
			alone = append(alone, i)
			continue
		}
		all[i].args = composer.args
		together[t.queue] = append(together[t.queue], i)
	}
	var waiting errgroup.Group
	waiting.SetLimit(enqueuedAtOnce)
	waiting.Go(func() error { return p.register(ctx, composer.queues) })
	for _, i := range alone {
		waiting.Go(func() error {
			results[i].New, results[i].Err = p.enqueue(ctx, all[i])
			return nil
		})
	}
	for queue, of := range together {
		waiting.Go(func() error {
			for some := range slices.Chunk(of, enqueuedTogether) {
				p.enqueueTogether(ctx, queue, all, some, results)
			}
			return nil
		})
	}
	if err := waiting.Wait(); err != nil {
		for i := range results {
			results[i].Err = errors.Join(results[i].Err, err)
		}
	}
	return results
}

// register makes queues known, as Asynq's client does.
func (p Producer) register(ctx context.Context, queues []any) error {
	if len(queues) == 0 {
		return nil
	}
	if err := p.Redis.SAdd(ctx, Registry, queues...).Err(); err != nil {
		return fmt.Errorf("register queues: %w", err)
	}
	return nil
}

// enqueueTogether enqueues some tasks of a queue, and enters what became of them.
func (p Producer) enqueueTogether(ctx context.Context, queue string, all []Task, some []int, results []Enqueued) {
	args := []any{Key(queue, "t:"), all[some[0]].args[2]}
	for _, i := range some {
		args = append(args, all[i].id, all[i].args[0])
		results[i].New = true
	}
	there, err := enqueueAllScript.Run(ctx, p.Redis, []string{Key(queue, "pending")}, args...).Int64Slice()
	if err != nil {
		for _, i := range some {
			results[i] = Enqueued{Err: fmt.Errorf("enqueue %s: %w", all[i].id, err)}
		}
		return
	}
	if len(there) < len(some) {
		p.wake(queue)
	}
	for _, n := range there {
		i := some[n-1]
		results[i].New, results[i].Err = p.enqueue(ctx, all[i])
	}
}

// composer is the client of an Asynq client that does not enqueue, but has it compose what it would write.
type composer struct {
	redis.UniversalClient
	args   []any // of the script that enqueues a task at once: its message, its ID, the time in ns
	queues []any // that it would make known
}

// EvalSha keeps the arguments of the script that enqueues a task at once. It runs none.
func (c *composer) EvalSha(ctx context.Context, _ string, keys []string, args ...any) *redis.Cmd {
	composed := redis.NewCmd(ctx)
	if _, ok := queueOf(keys[len(keys)-1], "pending"); !ok || len(keys) != 2 || len(args) != 3 {
		composed.SetErr(errNotAtOnce)
		return composed
	}
	c.args = args
	composed.SetVal(int64(1))
	return composed
}

// SAdd keeps the names of queues.
func (c *composer) SAdd(ctx context.Context, _ string, members ...any) *redis.IntCmd {
	c.queues = append(c.queues, members...)
	return redis.NewIntCmd(ctx)
}
