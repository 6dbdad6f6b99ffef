package world

import (
	"context"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks/asynqkeys"
)

// queueKeys are Asynq's keys of a queue, whose packages describe them in internal/base.
type queueKeys struct {
	client redis.Cmdable
	queue  string
}

// orphans returns what contradicts itself: an ID that is on no list or on several, or whose
// task is gone or has another state; a lease of what is not active; a lock of no task.
func (k queueKeys) orphans(ctx context.Context) (found []string) {
	on := make(map[string][]string)
	for _, state := range []string{"pending", "active"} {
		for _, id := range k.client.LRange(ctx, asynqkeys.Key(k.queue, state), 0, -1).Val() {
			on[id] = append(on[id], state)
		}
	}
	for _, state := range []string{"scheduled", "retry", "archived", "completed"} {
		for _, id := range k.client.ZRange(ctx, asynqkeys.Key(k.queue, state), 0, -1).Val() {
			on[id] = append(on[id], state)
		}
	}
	for id, states := range on {
		state := k.client.HGet(ctx, asynqkeys.Key(k.queue, "t:"+id), "state").Val()
		if len(states) != 1 || states[0] != state {
			found = append(found, fmt.Sprintf("task %s is on %v, and its state is %q", id, states, state))
		}
	}
	prefix := asynqkeys.Key(k.queue, "t:")
	for _, key := range k.client.Keys(ctx, escape(prefix)+"*").Val() {
		if id := strings.TrimPrefix(key, prefix); len(on[id]) == 0 {
			found = append(found, fmt.Sprintf("task %s is on no list", id))
		}
	}
	for _, id := range k.client.ZRange(ctx, asynqkeys.Key(k.queue, "lease"), 0, -1).Val() {
		if len(on[id]) != 1 || on[id][0] != "active" {
			found = append(found, fmt.Sprintf("task %s is leased, and is on %v", id, on[id]))
		}
	}
	for _, key := range k.client.Keys(ctx, escape(asynqkeys.Key(k.queue, "unique:"))+"*").Val() {
		if id := k.client.Get(ctx, key).Val(); len(on[id]) == 0 {
			found = append(found, fmt.Sprintf("lock %s is of task %q, which is on no list", key, id))
		}
	}
	return found
}

// escape returns a pattern that matches a text alone.
func escape(text string) string {
	return strings.NewReplacer(`[`, `\[`, `]`, `\]`, `*`, `\*`, `?`, `\?`, `\`, `\\`).Replace(text)
}
