package doctor

import (
	"fmt"

	"github.com/hibiken/asynq"

	"receiptrevoker/tasks"
)

const (
	// strayQueues is how many queues of others are looked into. Each costs a few round
	// trips, and a Redis that many programs share may have hundreds.
	strayQueues = 50
	// strayPage is how many tasks of each state are read, which show what kind of tasks a
	// queue has.
	strayPage = 20
)

// strays looks for tasks of ours in queues that no worker of ours ever serves, as where a
// producer in another language names no queue and Asynq takes "default". It sees the first
// tasks of each queue alone: a producer that names a wrong queue does so every time.
func strays(inspector *asynq.Inspector, queues []queue, namespace string) Finding {
	var found []string
	looked := 0
	for _, q := range queues {
		if q.Waiting()+q.Archived == 0 || looked == strayQueues {
			continue
		}
		looked++
		if stray(inspector, q) {
			found = append(found, fmt.Sprintf("%s (%s)", q.Name, count(q.Waiting()+q.Archived, "task", "tasks")))
		}
	}
	if len(found) > 0 {
		return warning("strays",
			"tasks of type "+tasks.TypeRevoke+" are in queues that no worker serves: "+shorten(found),
			"change their producer to the queues of the README, such as "+tasks.Queue{}.In(namespace).Name()+
				", and enqueue those tasks again: asking twice is harmless")
	}
	return ok("strays", "no task of ours in "+count(len(queues), "queue of others", "queues of others"))
}

// stray reports whether a task of ours is among the first of a queue, in any state in which
// it may wait. Active tasks are left out: another program's worker has them.
func stray(inspector *asynq.Inspector, q queue) bool {
	lists := []struct {
		length int64
		list   func(string, ...asynq.ListOption) ([]*asynq.TaskInfo, error)
	}{
		{q.Pending, inspector.ListPendingTasks},
		{q.Scheduled, inspector.ListScheduledTasks},
		{q.Retry, inspector.ListRetryTasks},
		{q.Archived, inspector.ListArchivedTasks},
	}
	for _, l := range lists {
		// An empty list costs no round trip.
		if l.length == 0 {
			continue
		}
		first, err := l.list(q.Name, asynq.PageSize(strayPage))
		if err != nil {
			// A queue that cannot be read was deleted meanwhile, or may not be read.
			continue
		}
		for _, task := range first {
			if task.Type == tasks.TypeRevoke {
				return true
			}
		}
	}
	return false
}
