package doctor

import (
	"context"
	"fmt"

	"receiptrevoker/tasks/asynqkeys"
)

// unleased looks for active tasks without a lease: Asynq leaves them active for ever, and
// calls them running.
func (d *doctor) unleased(ctx context.Context, queues []queue) Finding {
	var lost []string
	tasks, gone := 0, 0
	for _, q := range queues {
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
