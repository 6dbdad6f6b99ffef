package asynqkeys

import (
	"context"
	"fmt"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
)

// Find returns what a task asks for that a producer enqueued for an imp_uid, on
// whichever queue of a namespace, and false if there is none that is still to be done. What this
// project's producers ask for is recorded, and found there.
func Find(
	ctx context.Context, client redis.UniversalClient, namespace, impUID string,
) (tasks.Revocation, bool, error) {
	queues, err := Ours(ctx, client, namespace)
	if err != nil {
		return tasks.Revocation{}, false, err
	}
	inspector := asynq.NewInspectorFromRedisClient(client)
	for _, queue := range queues {
		task, err := inspector.GetTaskInfo(queue, tasks.TaskID(impUID))
		switch {
		case Gone(err):
			continue
		case err != nil:
			return tasks.Revocation{}, false, fmt.Errorf("look for the task of %s: %w", impUID, err)
		}
		if r, err := tasks.Parse(task.Payload); err == nil && r.ImpUID == impUID && !finished(task.State.String()) {
			return r, true, nil
		}
	}
	return tasks.Revocation{}, false, nil
}
