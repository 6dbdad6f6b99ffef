package asynqkeys

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/wait"
)

const (
	// lookEvery is how often it is seen whether a worker that has written the outcome of a
	// task has told Asynq.
	lookEvery = 20 * time.Millisecond
	// looks bounds that wait to half a second: after it the worker is taken for dead.
	looks = 25
)

// Producer enqueues the tasks of a namespace's requests.
type Producer struct {
	Redis     redis.UniversalClient
	Asynq     *asynq.Client
	Namespace string
	Wake      func(queue string) // is told of queues that have got a task, see receiptrevoker/tasks/wake; may be nil
}

// Task is the task of a request, and where it belongs.
type Task struct {
	task      *asynq.Task
	queue, id string
	args      []any // of the script that enqueues it at once, as Asynq composes them
}

// Task returns the task of a request, which bears the trace of ctx. The error matches [tasks.ErrInvalid] if it can
// never become a call.
func (p Producer) Task(ctx context.Context, r tasks.Revocation, opts ...asynq.Option) (Task, error) {
	queue := tasks.QueueOf(r).In(p.Namespace).Name()
	task, err := tasks.NewTaskContext(ctx, r, append([]asynq.Option{asynq.Queue(queue)}, opts...)...)
	return Task{task: task, queue: queue, id: tasks.TaskID(r.ImpUID)}, err
}

// Enqueue enqueues the task of a request, and reports false if there is one that is
// still to be done. One that waits for a retry or for a time is then due now: it may be
// that of an earlier request, which was cancelled. One that is finished, and only shown or
// archived, makes way. The error matches [tasks.ErrInvalid] if it can never become a call.
func (p Producer) Enqueue(ctx context.Context, r tasks.Revocation, opts ...asynq.Option) (enqueued bool, err error) {
	task, err := p.Task(ctx, r, opts...)
	if err != nil {
		return false, err
	}
	return p.enqueue(ctx, task)
}

func (p Producer) enqueue(ctx context.Context, t Task) (enqueued bool, err error) {
	for range looks {
		_, err = p.Asynq.EnqueueContext(ctx, t.task)
		if err == nil {
			p.wake(t.queue)
			return true, nil
		}
		if !errors.Is(err, asynq.ErrTaskIDConflict) {
			return false, fmt.Errorf("enqueue %s: %w", t.id, err)
		}
		state, err := Remove(ctx, p.Redis, t.queue, t.id)
		switch {
		case err != nil:
			return false, err
		case state == asynq.TaskStateActive:
			_ = wait.For(ctx, lookEvery)
		case state == asynq.TaskStateRetry || state == asynq.TaskStateScheduled:
			defer p.wake(t.queue)
			return false, Forward(ctx, p.Redis, t.queue, t.id)
		case state != NoTask && !finished(state):
			return false, nil
		}
	}
	return false, nil // it is at work
}

func (p Producer) wake(queue string) {
	if p.Wake != nil {
		p.Wake(queue)
	}
}
