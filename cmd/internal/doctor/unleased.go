package doctor

import (
	"context"
	"fmt"

	"receiptrevoker/tasks/asynqkeys"
)

// unleased looks for active tasks without a lease, as after a failover in which Redis lost
// the lease alone. Asynq's recoverer looks at leases only, leaves such a task active for
// ever and shows it as running (hibiken/asynq#1144). It reads only, and at most 500 tasks
// of a queue.
func (d *doctor) unleased(ctx context.Context, queues []queue) Finding {
	var lost []string
	// Of a gone task Redis holds nothing but its ID. There is nothing to put back; if its
	// request is open, a sweep enqueues it again.
	tasks, gone := 0, 0
	for _, q := range queues {
		// Most queues have no active task, and cost nothing.
		if q.Active == 0 {
			continue
		}
		found, err := asynqkeys.FindUnleased(ctx, d.Redis, q.Name)
		if err != nil {
			return unknown("leases", refusal("reading the leases of our queues", err))
		}
		if n := len(found.Tasks) + len(found.Gone); n > 0 {
			lost = append(lost, fmt.Sprintf("%s (%d)", q.Name, n))
		}
		tasks, gone = tasks+len(found.Tasks), gone+len(found.Gone)
	}
	if len(lost) == 0 {
		return ok("leases", "every active task has a lease")
	}
	return warning("leases",
		fmt.Sprintf("%s active without a lease, and %s without a task: %s",
			count(tasks, "task is", "tasks are"), count(gone, "more ID", "more IDs"), shorten(lost)),
		"start a worker, whose second sweep, within 30 s, has put the tasks back in line and dropped the IDs; "+
			"if they stay, its log says why")
}
