// Package asynqkeystest looks into Asynq's queues, and fills them, for tests.
package asynqkeystest

import (
	"context"
	"fmt"
	"strings"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks/asynqkeys"
)

// Orphans returns what contradicts itself in Asynq's keys of a queue, which its packages
// describe in internal/base: an ID that is on no list or on several, or whose
// task is gone or has another state; a lease of what is not active; a lock of no task.
func Orphans(ctx context.Context, client redis.Cmdable, queue string) (found []string) {
	on := make(map[string][]string)
	for _, state := range []asynq.TaskState{
		asynq.TaskStatePending, asynq.TaskStateActive, asynq.TaskStateScheduled, asynq.TaskStateRetry,
		asynq.TaskStateArchived, asynq.TaskStateCompleted,
	} {
		ids, _ := asynqkeys.List{Queue: queue, State: state}.IDs(ctx, client, 0, -1)
		for _, id := range ids {
			on[id] = append(on[id], state.String())
		}
	}
	for id, states := range on {
		state := client.HGet(ctx, asynqkeys.Key(queue, "t:"+id), "state").Val()
		if len(states) != 1 || states[0] != state {
			found = append(found, fmt.Sprintf("task %s is on %v, and its state is %q", id, states, state))
		}
	}
	prefix := asynqkeys.Key(queue, "t:")
	for _, key := range client.Keys(ctx, escape(prefix)+"*").Val() {
		if id := strings.TrimPrefix(key, prefix); len(on[id]) == 0 {
			found = append(found, fmt.Sprintf("task %s is on no list", id))
		}
	}
	for _, id := range client.ZRange(ctx, asynqkeys.Key(queue, "lease"), 0, -1).Val() {
		if len(on[id]) != 1 || on[id][0] != "active" {
			found = append(found, fmt.Sprintf("task %s is leased, and is on %v", id, on[id]))
		}
	}
	for _, key := range client.Keys(ctx, escape(asynqkeys.Key(queue, "unique:"))+"*").Val() {
		if id := client.Get(ctx, key).Val(); len(on[id]) == 0 {
			found = append(found, fmt.Sprintf("lock %s is of task %q, which is on no list", key, id))
		}
	}
	return found
}

// escape returns a pattern that matches a text alone.
func escape(text string) string {
	return strings.NewReplacer(`[`, `\[`, `]`, `\]`, `*`, `\*`, `?`, `\?`, `\`, `\\`).Replace(text)
}
