package asynqkeys

import (
	"context"
	_ "embed"
	"fmt"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

//go:embed remove.lua
var removeSource string

var removeScript = redis.NewScript(removeSource)

// finished reports whether no worker takes a task of that state any more.
func finished(state asynq.TaskState) bool {
	return state == asynq.TaskStateArchived || state == asynq.TaskStateCompleted
}

// Remove deletes a task that is archived or completed, and returns the state that
// it had, [NoTask] if there is no such task. Asynq's own deletion does not find a task that an
// archive too full has dropped.
func Remove(ctx context.Context, client redis.Scripter, queue, id string) (asynq.TaskState, error) {
	keys := []string{Key(queue, "t:"+id), Key(queue, "archived"), Key(queue, "completed")}
	state, err := removeScript.Run(ctx, client, keys, id).Text()
	if err != nil {
		return NoTask, fmt.Errorf("delete the finished task %s of %s: %w", id, queue, err)
	}
	return stateOf(state), nil
}
