package asynqkeys

import (
	"context"
	_ "embed"
	"fmt"

	"github.com/redis/go-redis/v9"
)

//go:embed states.lua
var statesSource string

var statesScript = redis.NewScript(statesSource)

// States returns the states of tasks of a queue, in Asynq's words and the order of their
// IDs: empty where there is no task, and "?" where something else has its key.
func States(ctx context.Context, client redis.Scripter, queue string, ids []string) ([]string, error) {
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	states, err := statesScript.Run(ctx, client, []string{Key(queue, "t:")}, args...).StringSlice()
	if err != nil {
		return nil, fmt.Errorf("look for %d tasks of %s: %w", len(ids), queue, err)
	}
	return states, nil
}
