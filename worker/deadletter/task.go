package deadletter

import (
	"context"
	"fmt"
	"time"

	"github.com/hibiken/asynq"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/backlog"
	"receiptrevoker/tasks/outcome"
)

// lookEvery is how often to look whether a worker has let go of a task.
const lookEvery = 20 * time.Millisecond

// HeldError says that a worker still holds the task of a dead letter: it is in
// a call whose answer may say more, or it died, in which case Asynq takes the
// task back within two minutes. Nothing was changed.
type HeldError struct {
	ImpUID string
	Queue  string
}

func (e *HeldError) Error() string {
	return fmt.Sprintf("%s: a worker still holds its task on %s; try again in two minutes", e.ImpUID, e.Queue)
}

// place is where Asynq may hold a task.
type place struct{ queue, id string }

// places returns where Asynq may hold tasks of a dead letter: wherever it may
// have been asked for. A finished task that stayed on one of those queues would
// be taken for a crash of the attempts to come.
//
// What nobody could read may be anywhere, under any ID; its letter bears that
// ID.
func (l *List) places(ctx context.Context, letter outcome.Outcome) ([]place, error) {
	id := tasks.TaskID(letter.ImpUID)
	var places []place
	for _, queue := range tasks.QueuesOf(tasks.Revocation{PG: letter.PG, Batch: letter.Batch}) {
		places = append(places, place{queue.Name(), id})
	}
	if letter.Reason != outcome.ReasonInvalidTask {
		return places, nil
	}
	names, err := backlog.Ours(ctx, l.redis)
	for _, name := range names {
		places = append(places, place{name, id}, place{name, tasks.UnreadableID(letter.ImpUID)})
	}
	return places, err
}

// clearAll deletes the finished tasks of a dead letter and returns how many
// they were.
func (l *List) clearAll(ctx context.Context, letter outcome.Outcome) (cleared int, err error) {
	places, err := l.places(ctx, letter)
	if err != nil {
		return 0, err
	}
	for _, at := range places {
		task, err := l.clear(ctx, letter.ImpUID, at)
		if err != nil {
			return cleared, err
		}
		if task != nil {
			cleared++
		}
	}
	return cleared, nil
}

// clear deletes the task at a place if it is finished, and returns it; nil if
// nothing was deleted.
func (l *List) clear(ctx context.Context, impUID string, at place) (*asynq.TaskInfo, error) {
	task, err := l.settled(ctx, impUID, at)
	if err != nil || task == nil || task.State != asynq.TaskStateArchived && task.State != asynq.TaskStateCompleted {
		return nil, err
	}
	if err := l.inspector.DeleteTask(at.queue, at.id); err != nil && !backlog.Gone(err) {
		return nil, fmt.Errorf("delete the finished task of %s: %w", impUID, err)
	}
	return task, nil
}

// settled returns the task at a place once no worker holds it, nil if there is
// none, or a [*HeldError] once patience is at its end.
func (l *List) settled(ctx context.Context, impUID string, at place) (*asynq.TaskInfo, error) {
	for deadline := time.Now().Add(l.patience); ; {
		task, err := l.inspector.GetTaskInfo(at.queue, at.id)
		switch {
		case backlog.Gone(err):
			return nil, nil
		case err != nil:
			return nil, fmt.Errorf("look for the task of %s: %w", impUID, err)
		case task.State != asynq.TaskStateActive:
			return task, nil
		case time.Now().After(deadline):
			return nil, &HeldError{ImpUID: impUID, Queue: at.queue}
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for the task of %s: %w", impUID, context.Cause(ctx))
		case <-time.After(lookEvery):
		}
	}
}
