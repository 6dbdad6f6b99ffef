package metrics

import (
	"context"
	"slices"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/backlog"
)

// longestName bounds the name of a queue that is shown. Those of Asynq's that
// are ours have at most 26 characters.
const longestName = 64

// mostQueues bounds how many queues are shown: a little more than twice those of
// all gateways that are known, since a newer producer may know more.
const mostQueues = 50

// queues counts what is in our queues.
func queues(ctx context.Context, client redis.UniversalClient) ([]backlog.Queue, error) {
	names, err := backlog.Ours(ctx, client)
	if err != nil {
		return nil, err
	}
	return backlog.Read(ctx, client, shown(names))
}

// shown returns the queues that are shown, those of known gateways first.
func shown(names []string) []string {
	known := func(name string) bool {
		queue, _ := tasks.ParseQueue(name)
		return queue.PG == "" || queue.PG.Known()
	}
	names = slices.DeleteFunc(names, func(name string) bool { return len(name) > longestName })
	slices.SortFunc(names, func(a, b string) int {
		if known(a) != known(b) {
			if known(a) {
				return -1
			}
			return 1
		}
		return len(a) - len(b)
	})
	return names[:min(len(names), mostQueues)]
}
