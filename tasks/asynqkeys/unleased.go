package asynqkeys

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

//go:embed unleased.lua
var unleasedSource string

var unleasedScript = redis.NewScript(unleasedSource)

// Unleased are tasks of a queue that are active without a lease, as after a failover in
// which Redis lost the lease alone. Asynq looks at leases only, and leaves them active for
// ever (hibiken/asynq#1144).
type Unleased struct {
	// Tasks are the IDs of those that can be worked on, and Gone of those of which Redis
	// holds nothing but the ID, or something that is no task.
	Tasks, Gone []string
}

// FindUnleased returns the tasks of a queue that are active without a lease, at most 500.
func FindUnleased(ctx context.Context, client redis.Scripter, queue string) (Unleased, error) {
	return unleased(ctx, client, queue, "")
}

// LeaseUnleased gives those tasks a lease that ended at the given time, and takes those that
// are gone off the active tasks. What takes back tasks whose lease is over then finds them;
// the worker of one that runs extends the lease within five seconds. It does the same for
// others, by their IDs, if their state is active: Asynq takes a task off the active ones before
// it sees that there is no lease, and then neither deletes nor retries it. A queue that has any
// is registered again where Asynq's list of queues was lost.
func LeaseUnleased(
	ctx context.Context, client redis.UniversalClient, queue string, ended time.Time, others ...string,
) (Unleased, error) {
	found, err := unleased(ctx, client, queue, ended.Unix(), others...)
	if len(found.Tasks) > 0 {
		err = errors.Join(err, register(ctx, client, queue)) // which no sweep would look at otherwise
	}
	return found, err
}

func unleased(ctx context.Context, client redis.Scripter, queue string, ended any, others ...string) (Unleased, error) {
	keys, args := []string{Key(queue, "active"), Key(queue, "lease"), Key(queue, "t:")}, []any{ended}
	for _, id := range others {
		args = append(args, id)
	}
	found, err := unleasedScript.Run(ctx, client, keys, args...).Slice()
	if err != nil {
		return Unleased{}, fmt.Errorf("look for active tasks of %s without a lease: %w", queue, err)
	}
	return Unleased{Tasks: texts(found[0]), Gone: texts(found[1])}, nil
}

// texts returns a reply that is a list of texts.
func texts(reply any) []string {
	list, _ := reply.([]any)
	all := make([]string, len(list))
	for i, one := range list {
		all[i], _ = one.(string)
	}
	return all
}
