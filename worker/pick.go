package worker

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/hibiken/asynq"

	"receiptrevoker/tasks"
	"receiptrevoker/worker/gate"
)

// mostPicked is how often a receipt is picked before one is taken that was tried
// before.
const mostPicked = 10

// held are the tasks behind a gate.
type held struct {
	name    gate.Name
	shelves []shelf
	picked  []string // of this probe
}

// drawn is one of them.
type drawn struct {
	tasks.Revocation
	headers map[string]string // of its task, with its trace
}

// shelf is where some of them are.
type shelf struct {
	queue string
	tasks int
	list  func(queue string, opts ...asynq.ListOption) ([]*asynq.TaskInfo, error)
}

// held returns what waits behind a gate: what is pending, and what waits for a
// retry.
func (p *prober) held(name gate.Name, queues []string) (*held, error) {
	h := &held{name: name}
	for _, queue := range queues {
		info, err := p.inspector.GetQueueInfo(queue)
		if errors.Is(err, asynq.ErrQueueNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("count what waits in %s: %w", queue, err)
		}
		h.shelves = append(h.shelves,
			shelf{queue, info.Pending, p.inspector.ListPendingTasks}, shelf{queue, info.Retry, p.inspector.ListRetryTasks})
	}
	return h, nil
}

// pick returns any of the tasks, each as likely as the other, so that a receipt
// that always fails keeps no gate closed; one that was not tried before, if one
// is found. It reports false if there is none.
func (h *held) pick(tried []string) (drawn, bool) {
	var again drawn
	for range mostPicked {
		r, ok := h.draw()
		switch {
		case !ok || slices.Contains(h.picked, r.ImpUID):
		case slices.Contains(tried, r.ImpUID):
			again = r
		default:
			h.picked = append(h.picked, r.ImpUID)
			return r, true
		}
	}
	h.picked = append(h.picked, again.ImpUID)
	return again, again.ImpUID != ""
}

// draw draws a task. It reports false if it drew a blank: the task has gone
// meanwhile, is not to be called for, or has another gate before it.
func (h *held) draw() (drawn, bool) {
	total := 0
	for _, s := range h.shelves {
		total += s.tasks
	}
	if total == 0 {
		return drawn{}, false
	}
	n := rand.IntN(total)
	for _, s := range h.shelves {
		if n >= s.tasks {
			n -= s.tasks
			continue
		}
		found, err := s.list(s.queue, asynq.PageSize(1), asynq.Page(n+1))
		if err != nil || len(found) == 0 {
			return drawn{}, false
		}
		r, err := read(found[0].Type, found[0].Payload, found[0].ID)
		return drawn{r, found[0].Headers}, err == nil && (h.name == gate.PortOne || h.name == gate.Of(r.PG))
	}
	return drawn{}, false
}
