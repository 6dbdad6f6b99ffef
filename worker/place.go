package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/backlog"
)

// place is where Asynq may hold a task.
type place struct{ queue, id string }

func (p place) key() string { return backlog.Key(p.queue, "t:"+p.id) }

// whereabouts is what Asynq holds of an imp_uid.
type whereabouts struct {
	tasks.Revocation
	// at is the place of its task, and state how that is, in Asynq's words;
	// empty if there is none that is still to be done.
	at    place
	state string
	// done tells that a task that is done takes its place.
	done bool
	// err is why nobody knows, or why it could not be enqueued.
	err error
}

// locate finds the tasks of imp_uids, in one round trip for each place where
// they may be; most are at the first.
func (s *sweeper) locate(ctx context.Context, all []*whereabouts) {
	for i := 0; len(all) > 0; i++ {
		all = withPlace(all, i)
		states := make([]*redis.StringCmd, len(all))
		_, _ = s.redis.Pipelined(ctx, func(p redis.Pipeliner) error { // each reply bears its own error
			for j, w := range all {
				states[j] = p.HGet(ctx, w.at.key(), "state")
			}
			return nil
		})
		all = slices.DeleteFunc(all, func(w *whereabouts) bool {
			found := w.take(states[0], i == 0)
			states = states[1:]
			return found
		})
	}
}

// take takes what was found at a place, and reports whether there is nothing
// more to look for.
func (w *whereabouts) take(reply *redis.StringCmd, own bool) bool {
	state, err := reply.Result()
	switch {
	case errors.Is(err, redis.Nil):
		return false
	case state == "completed":
		w.done = w.done || own
		return false
	}
	w.state = state
	if err != nil {
		w.err = fmt.Errorf("look for the task of %s: %w", w.ImpUID, err)
	}
	return true
}

// withPlace returns those that may be in yet another place, each at that.
func withPlace(all []*whereabouts, i int) (left []*whereabouts) {
	for _, w := range all {
		if queues := tasks.QueuesOf(w.Revocation); i < len(queues) {
			w.at = place{queues[i].Name(), tasks.TaskID(w.ImpUID)}
			left = append(left, w)
		}
	}
	return left
}
