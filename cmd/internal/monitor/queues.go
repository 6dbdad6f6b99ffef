package monitor

import (
	"context"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks/asynqkeys"
)

// mostQueues bounds how many queues are looked at. Each known gateway has two;
// more are those of gateways that a newer producer knows.
const mostQueues = 100

// queueNames returns the queues that are looked at, in order.
func queueNames(ctx context.Context, client redis.Cmdable, namespace string) ([]string, error) {
	names, err := asynqkeys.Ours(ctx, client, namespace)
	return names[:min(len(names), mostQueues)], err
}

// readQueues returns what is in each queue of a namespace, by name.
func readQueues(ctx context.Context, client redis.Cmdable, namespace string) ([]asynqkeys.Queue, error) {
	names, err := queueNames(ctx, client, namespace)
	if err != nil {
		return nil, err
	}
	return asynqkeys.Read(ctx, client, names)
}
