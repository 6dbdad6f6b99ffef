package asynqkeys

import (
	"context"
	_ "embed"
	"fmt"

	"github.com/redis/go-redis/v9"
)

//go:embed forward.lua
var forwardSource string

var forwardScript = redis.NewScript(forwardSource)

// Forward makes those tasks of a queue due now, by their IDs, that wait for a retry or
// for a time. It leaves all others as they are.
func Forward(ctx context.Context, client redis.Scripter, queue string, ids ...string) error {
	keys := []string{Key(queue, "retry"), Key(queue, "scheduled"), Key(queue, "pending")}
	args := []any{Key(queue, "t:")}
	for _, id := range ids {
		args = append(args, id)
	}
	if err := forwardScript.Run(ctx, client, keys, args...).Err(); err != nil {
		return fmt.Errorf("bring tasks of %s forward: %w", queue, err)
	}
	return nil
}
