package metrics

import (
	"cmp"
	"context"
	"slices"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/pause"
)

// longestName bounds the name of a queue that is shown, in bytes. Those of Asynq's that are ours have
// at most 26 characters, without a namespace.
const longestName = 64

// mostQueues bounds how many queues are shown: a little more than twice those of all gateways that are
// known, since a newer producer may know more.
const mostQueues = 50

// queue is what is in a queue, and what pauses it.
type queue struct {
	asynqkeys.Queue
	pg    tasks.Gateway
	pause pause.Pause
}

// queues counts what is in the queues of a namespace.
func queues(ctx context.Context, client redis.UniversalClient, namespace string) ([]queue, error) {
	names, err := asynqkeys.Ours(ctx, client, namespace)
	if err != nil {
		return nil, err
	}
	counted, err := asynqkeys.Read(ctx, client, shown(names))
	if err != nil {
		return nil, err
	}
	pauses, err := pausing(ctx, gate.NewStore(client, namespace), counted)
	if err != nil {
		return nil, err
	}
	all := make([]queue, len(counted))
	for i, q := range counted {
		parsed, _ := tasks.ParseQueue(q.Name)
		all[i] = queue{Queue: q, pg: parsed.PG, pause: pauses[q.Name]}
	}
	return all, nil
}

// pausing returns what pauses queues, by their names. It asks only if any is paused.
func pausing(ctx context.Context, gates *gate.Store, queues []asynqkeys.Queue) (map[string]pause.Pause, error) {
	if !slices.ContainsFunc(queues, func(q asynqkeys.Queue) bool { return q.Paused }) {
		return nil, nil
	}
	all, err := gates.Pauses(ctx)
	byQueue := make(map[string]pause.Pause, len(all))
	for _, pause := range all {
		byQueue[pause.Queue] = pause
	}
	return byQueue, err
}

// shown returns the queues that are shown: those of known gateways first, and of the others the
// shortest names, so that a scrape with many names still has all that matter.
func shown(names []string) []string {
	unknown := func(name string) int {
		if queue, _ := tasks.ParseQueue(name); queue.PG == "" || queue.PG.Known() {
			return 0
		}
		return 1
	}
	names = slices.DeleteFunc(names, func(name string) bool { return len(name) > longestName })
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(unknown(a)-unknown(b), len(a)-len(b)) })
	return names[:min(len(names), mostQueues)]
}
