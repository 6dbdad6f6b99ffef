package metrics

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
)

//go:embed queue.lua
var queueSource string

// longestName bounds the name of a queue that is shown. Those of Asynq's that
// are ours have at most 26 characters.
const longestName = 64

// mostQueues bounds how many queues are shown: a little more than twice those of
// all gateways that are known, since a newer producer may know more.
const mostQueues = 50

// states are Asynq's states of tasks, in the order in which queue.lua wants
// their keys.
var states = []string{"pending", "active", "scheduled", "retry", "archived"}

// queueSize is what is in a queue.
type queueSize struct {
	name   string
	tasks  []int64       // by state
	oldest time.Duration // for how long the oldest pending task has waited
}

// queueSizes counts what is in our queues, in two round trips. Asynq's own
// Inspector would look at the memory of tasks, one after the other.
func queueSizes(ctx context.Context, client redis.UniversalClient) ([]queueSize, error) {
	names, err := client.SMembers(ctx, "asynq:queues").Result()
	if err != nil {
		return nil, fmt.Errorf("list the queues: %w", err)
	}
	names = shown(names)
	replies := make([]*redis.Cmd, len(names))
	_, err = client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, name := range names {
			prefix := "asynq:{" + name + "}:"
			var keys []string
			for _, state := range states {
				keys = append(keys, prefix+state)
			}
			replies[i] = p.Eval(ctx, queueSource, keys, prefix+"t:")
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("count what is in %d queues: %w", len(names), err)
	}
	sizes := make([]queueSize, len(names))
	for i, name := range names {
		sizes[i] = decodeSize(name, replies[i].Val(), time.Now())
	}
	return sizes, nil
}

// shown returns the queues that are shown: ours, those of known gateways first.
func shown(names []string) []string {
	known := func(name string) bool {
		queue, _ := tasks.ParseQueue(name)
		return queue.PG == "" || queue.PG.Known()
	}
	names = slices.DeleteFunc(names, func(name string) bool {
		_, ours := tasks.ParseQueue(name)
		return !ours || len(name) > longestName
	})
	slices.SortFunc(names, func(a, b string) int {
		if known(a) != known(b) {
			if known(a) {
				return -1
			}
			return 1
		}
		return len(a) - len(b)
	})
	return names[:min(len(names), mostQueues)]
}

func decodeSize(name string, reply any, now time.Time) queueSize {
	values, _ := reply.([]any)
	size := queueSize{name: name, tasks: make([]int64, len(states))}
	for i := range min(len(states), len(values)) {
		size.tasks[i], _ = values[i].(int64)
	}
	if len(values) > len(states) {
		text, _ := values[len(states)].(string)
		if since, err := strconv.ParseInt(text, 10, 64); err == nil {
			size.oldest = max(now.Sub(time.Unix(0, since)), 0)
		}
	}
	return size
}
