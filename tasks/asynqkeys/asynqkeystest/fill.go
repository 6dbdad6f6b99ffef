package asynqkeystest

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks/asynqkeys"
)

// fillScript fills a queue.
//
// KEYS  the queue's pending tasks
// ARGV  what stands before the ID in a task's key, how many
var fillScript = redis.NewScript(`
for i = 1, ARGV[2] do
  local id = string.format('revoke:imp_%012d', i)
  redis.call('HSET', ARGV[1] .. id, 'msg', string.rep('x', 200), 'state', 'pending',
    'pending_since', 1764000000000000000 + i)
  redis.call('LPUSH', KEYS[1], id)
end`)

// Fill fills a queue with pending tasks that Asynq could have enqueued, and no handler can carry out.
func Fill(ctx context.Context, client redis.UniversalClient, queue string, count int) error {
	keys := []string{asynqkeys.Key(queue, "pending")}
	err := fillScript.Run(ctx, client, keys, asynqkeys.Key(queue, "t:"), count).Err()
	if err != nil && !errors.Is(err, redis.Nil) {
		return err
	}
	return client.SAdd(ctx, asynqkeys.Registry, queue).Err()
}
