package asynqkeys

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

//go:embed relist.lua
var relistSource string

var relistScript = redis.NewScript(relistSource)

// NoneWaits reports whether no task waits in the line of a queue.
func NoneWaits(ctx context.Context, client redis.Cmdable, queue string) (bool, error) {
	exists, err := client.Exists(ctx, Key(queue, "pending")).Result()
	if err != nil {
		return false, fmt.Errorf("see whether a task waits in %s: %w", queue, err)
	}
	return exists == 0, nil
}

// Relist puts tasks of a queue back in its line, by their IDs, that Redis holds and the line does not, as after a
// Redis that lost the line alone: their state says that they have been waiting since before a time at which
// [NoneWaits] was true. It returns the IDs of those.
func Relist(
	ctx context.Context, client redis.Scripter, queue string, empty time.Time, ids []string,
) ([]string, error) {
	args := []any{empty.UnixNano(), time.Now().UnixNano()}
	for _, id := range ids {
		args = append(args, id)
	}
	keys := []string{Key(queue, "pending"), Key(queue, "t:")}
	back, err := relistScript.Run(ctx, client, keys, args...).StringSlice()
	if err != nil {
		return nil, fmt.Errorf("put tasks of %s back in line: %w", queue, err)
	}
	return back, nil
}
