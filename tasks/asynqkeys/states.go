package asynqkeys

import (
	"context"
	_ "embed"
	"fmt"
	"slices"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

//go:embed states.lua
var statesSource string

var statesScript = redis.NewScript(statesSource)

// Beside Asynq's states of tasks there are these.
const (
	NoTask  asynq.TaskState = 0  // there is no task of the ID
	Foreign asynq.TaskState = -1 // something else has its key
)

// stateOf returns a state that Redis holds in Asynq's words.
func stateOf(word string) asynq.TaskState {
	if word == "" {
		return NoTask
	}
	all := []asynq.TaskState{
		asynq.TaskStateActive, asynq.TaskStatePending, asynq.TaskStateScheduled, asynq.TaskStateRetry,
		asynq.TaskStateArchived, asynq.TaskStateCompleted, asynq.TaskStateAggregating,
	}
	i := slices.IndexFunc(all, func(s asynq.TaskState) bool { return s.String() == word })
	if i < 0 {
		return Foreign
	}
	return all[i]
}

// States returns the states of tasks of a queue, in the order of their IDs.
func States(ctx context.Context, client redis.Scripter, queue string, ids []string) ([]asynq.TaskState, error) {
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	words, err := statesScript.Run(ctx, client, []string{Key(queue, "t:")}, args...).StringSlice()
	if err != nil {
		return nil, fmt.Errorf("look for %d tasks of %s: %w", len(ids), queue, err)
	}
	states := make([]asynq.TaskState, len(words))
	for i, word := range words {
		states[i] = stateOf(word)
	}
	return states, nil
}

// List is the list of a queue's tasks in one state.
type List struct {
	Queue string
	State asynq.TaskState
}

// IDs returns the IDs of its tasks from start to stop, as LRANGE counts.
func (l List) IDs(ctx context.Context, client redis.Cmdable, start, stop int64) ([]string, error) {
	page := client.ZRange
	if l.State == asynq.TaskStatePending || l.State == asynq.TaskStateActive {
		page = client.LRange
	}
	ids, err := page(ctx, Key(l.Queue, l.State.String()), start, stop).Result()
	if err != nil {
		return nil, fmt.Errorf("list the %s tasks of %s: %w", l.State, l.Queue, err)
	}
	return ids, nil
}
