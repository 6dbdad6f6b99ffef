package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hibiken/asynq"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/backlog"
)

// queue is what waits in one of Asynq's queues.
type queue struct {
	backlog.Queue
	served bool
}

// queues looks for tasks that nobody works on.
func (d *doctor) queues(ctx context.Context) {
	inspector := asynq.NewInspectorFromRedisClient(d.Redis)
	all, err := d.backlog(ctx)
	if err != nil {
		d.tell(unknown("queues", refusal("reading Asynq's queues", err)))
		return
	}
	servers, err := inspector.Servers()
	if err != nil {
		d.tell(unknown("workers", refusal("reading Asynq's servers", err)))
		return
	}
	processes := make(map[string]bool)
	for _, server := range servers {
		for i := range all {
			if _, serves := server.Queues[all[i].Name]; serves {
				all[i].served = true
				processes[fmt.Sprint(server.Host, server.PID)] = true
			}
		}
	}
	ours := slices.Clone(all)
	ours = slices.DeleteFunc(ours, func(q queue) bool { _, own := tasks.ParseQueue(q.Name); return !own })
	others := slices.DeleteFunc(all, func(q queue) bool { _, own := tasks.ParseQueue(q.Name); return own })
	d.tell(served(ours, len(processes)), paused(ours), archive(ours), strays(inspector, others))
}

// backlog counts what is in each queue of Asynq's, ours and those of others.
func (d *doctor) backlog(ctx context.Context) ([]queue, error) {
	names, err := backlog.Names(ctx, d.Redis)
	if err != nil {
		return nil, err
	}
	counted, err := backlog.Read(ctx, d.Redis, names)
	if err != nil {
		return nil, err
	}
	all := make([]queue, len(counted))
	for i, q := range counted {
		all[i] = queue{Queue: q}
	}
	return all, nil
}

// served looks for tasks of ours that wait for a worker that is not there.
func served(queues []queue, processes int) Finding {
	var left []string
	waiting := int64(0)
	for _, q := range queues {
		waiting += q.Waiting()
		if q.Waiting() > 0 && !q.served {
			left = append(left, fmt.Sprintf("%s (%d)", q.Name, q.Waiting()))
		}
	}
	found := fmt.Sprintf("%d workers, %d tasks wait in %d queues", processes, waiting, len(queues))
	if len(left) > 0 {
		return warning("queues", found+"; nobody serves "+few(left),
			"start workers with revoker work, with this Redis and enough rights")
	}
	return ok("queues", found)
}

// paused looks for queues that were paused while tasks wait in them.
func paused(queues []queue) Finding {
	var held []string
	for _, q := range queues {
		if q.Paused && q.Waiting() > 0 {
			held = append(held, fmt.Sprintf("%s (%d)", q.Name, q.Waiting()))
		}
	}
	if len(held) > 0 {
		return warning("paused", "paused with tasks in them: "+few(held),
			"see with revoker queue list who paused them and why; "+
				"a gate resumes by itself, a person with revoker queue resume")
	}
	return ok("paused", "no queue is paused with tasks in it")
}

const (
	// archiveLimit is how many tasks Asynq keeps in a queue's archive: beyond,
	// it drops the oldest.
	archiveLimit = 10_000
	// archiveNear is more than workers leave there.
	archiveNear = 5_000
)

// archive looks for archives that workers should have trimmed.
func archive(queues []queue) Finding {
	var near []string
	most := int64(0)
	for _, q := range queues {
		most = max(most, q.Archived)
		if q.Archived >= archiveNear {
			near = append(near, fmt.Sprintf("%s (%d)", q.Name, q.Archived))
		}
	}
	if len(near) > 0 {
		return warning("archive",
			fmt.Sprintf("near Asynq's limit of %d archived tasks: %s", archiveLimit, few(near)),
			"let a worker run: it gives archived tasks their outcomes and trims the archive")
	}
	return ok("archive",
		fmt.Sprintf("at most %d archived tasks in a queue, of the %d that Asynq keeps", most, archiveLimit))
}

// shown is how many names a finding shows.
const shown = 10

func few(names []string) string {
	if len(names) > shown {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:shown], ", "), len(names)-shown)
	}
	return strings.Join(names, ", ")
}
