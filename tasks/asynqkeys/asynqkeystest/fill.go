package asynqkeystest

import (
	"context"
	_ "embed"
	"errors"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks/asynqkeys"
)

//go:embed fill.lua
var fillSource string

var fillScript = redis.NewScript(fillSource)

// Fill fills a queue with pending tasks that Asynq could have enqueued, and no handler can carry out.
func Fill(ctx context.Context, client redis.UniversalClient, queue string, count int) error {
	keys := []string{asynqkeys.Key(queue, "pending")}
	err := fillScript.Run(ctx, client, keys, asynqkeys.Key(queue, "t:"), count).Err()
	if err != nil && !errors.Is(err, redis.Nil) {
		return err
	}
	return client.SAdd(ctx, asynqkeys.Registry, queue).Err()
}
