package worker

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/hibiken/asynq"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/backlog"
	"receiptrevoker/worker/gate"
)

// mostPicked is how often a receipt is picked before one is taken that was tried
// before.
const mostPicked = 10

// waiting are the tasks that a gate holds back.
type waiting struct {
	name   gate.Name
	lists  []list
	picked []string // of this probe
}

// candidate is one of them.
type candidate struct {
	tasks.Revocation
	headers map[string]string // of its task, with its trace
}

// list is where some of them are.
type list struct {
	queue string
	tasks int64
	page  func(queue string, opts ...asynq.ListOption) ([]*asynq.TaskInfo, error)
}

// waiting returns what waits behind a gate: what is pending, and what waits for
// a retry.
func (p *prober) waiting(ctx context.Context, name gate.Name, queues []string) (*waiting, error) {
	counted, err := backlog.Read(ctx, p.redis, queues)
	if err != nil {
		return nil, err
	}
	w := &waiting{name: name}
	for _, q := range counted {
		w.lists = append(w.lists,
			list{q.Name, q.Pending, p.inspector.ListPendingTasks}, list{q.Name, q.Retry, p.inspector.ListRetryTasks})
	}
	return w, nil
}

// pick returns any of the tasks, each as likely as the other, so that a receipt
// that always fails keeps no gate closed; one that was not tried before, if one
// is found. It reports false if there is none.
func (w *waiting) pick(tried []string) (picked candidate, ok bool, err error) {
	for range mostPicked {
		c, ok, err := w.draw()
		switch {
		case err != nil:
			return candidate{}, false, err
		case !ok || slices.Contains(w.picked, c.ImpUID):
		case slices.Contains(tried, c.ImpUID):
			picked = c
		default:
			w.picked = append(w.picked, c.ImpUID)
			return c, true, nil
		}
	}
	w.picked = append(w.picked, picked.ImpUID)
	return picked, picked.ImpUID != "", nil
}

// draw draws a task. It reports false if it drew a blank: the task has gone
// meanwhile, is not to be called for, or has another gate before it.
func (w *waiting) draw() (candidate, bool, error) {
	total := int64(0)
	for _, l := range w.lists {
		total += l.tasks
	}
	if total == 0 {
		return candidate{}, false, nil
	}
	n := rand.Int64N(total)
	for _, l := range w.lists {
		if n >= l.tasks {
			n -= l.tasks
			continue
		}
		found, err := l.page(l.queue, asynq.PageSize(1), asynq.Page(int(n)+1))
		if err != nil && !errors.Is(err, asynq.ErrQueueNotFound) {
			return candidate{}, false, fmt.Errorf("draw a task of %s: %w", l.queue, err)
		}
		if len(found) == 0 {
			return candidate{}, false, nil
		}
		r, err := read(found[0].Type, found[0].Payload, found[0].ID)
		return candidate{r, found[0].Headers}, err == nil && (w.name == gate.PortOne || w.name == gate.Of(r.PG)), nil
	}
	return candidate{}, false, nil
}
