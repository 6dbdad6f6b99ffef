package monitor

import (
	"context"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks/asynqkeys"
)

// mostQueues bounds how many queues are looked at. Each known gateway has two; more are
// those of gateways that a newer producer knows. The bound keeps a page small and cheap
// whatever a faulty producer makes.
const mostQueues = 100

// queueNames returns the queues that are looked at, in the order of their names, so that
// they are the same ones each time. On an error there are none.
func queueNames(ctx context.Context, client redis.Cmdable, namespace string) ([]string, error) {
	names, err := asynqkeys.Ours(ctx, client, namespace)
	return names[:min(len(names), mostQueues)], err
}

// readQueues returns what is in each queue of a namespace, by name. It reads lengths alone,
// no task: Asynq's Inspector would weigh tasks with MEMORY USAGE.
func readQueues(ctx context.Context, client redis.Cmdable, namespace string) ([]asynqkeys.Queue, error) {
	names, err := queueNames(ctx, client, namespace)
	if err != nil {
		return nil, err
	}
	return asynqkeys.Read(ctx, client, names)
}
