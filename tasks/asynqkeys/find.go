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
	found, err := Tasks(ctx, client, queues, tasks.TaskID(impUID))
	for _, task := range found {
		if r, err := tasks.Parse(task.Payload); err == nil && r.ImpUID == impUID && !finished(task.State) {
			return r, true, nil
		}
	}
	return tasks.Revocation{}, false, err
}

// Tasks returns the tasks of queues that have one of the IDs, in the order of the queues. On
// an error it returns those before it.
func Tasks(
	ctx context.Context, client redis.UniversalClient, queues []string, ids ...string,
) (found []*asynq.TaskInfo, err error) {
	places, err := locate(ctx, client, queues, ids)
	if err != nil {
		return nil, fmt.Errorf("look for the task %s: %w", ids[0], err)
	}
	inspector := asynq.NewInspectorFromRedisClient(client)
	for _, at := range places {
		task, err := inspector.GetTaskInfo(at.queue, at.id)
		switch {
		case err == nil:
			task.Queue, task.ID = at.queue, at.id
			found = append(found, task)
		case !Gone(err):
			return found, fmt.Errorf("look for the task %s of %s: %w", at.id, at.queue, err)
		}
	}
	return found, nil
}

// place is where a task is.
type place struct{ queue, id string }

// locate returns the places at which Redis holds something by one of the IDs.
func locate(ctx context.Context, client redis.Cmdable, queues, ids []string) (found []place, err error) {
	exists := make(map[place]*redis.IntCmd)
	err = pipelined(ctx, client, func(p redis.Pipeliner) {
		for _, queue := range queues {
			for _, id := range ids {
				exists[place{queue, id}] = p.Exists(ctx, Key(queue, "t:"+id))
			}
		}
	})
	for _, queue := range queues {
		for _, id := range ids {
			if at := (place{queue, id}); err == nil && exists[at].Val() > 0 {
				found = append(found, at)
			}
		}
	}
	return found, err
}
