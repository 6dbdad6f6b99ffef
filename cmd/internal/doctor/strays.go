package doctor

import (
	"fmt"

	"github.com/hibiken/asynq"

	"receiptrevoker/tasks"
)

const (
	strayQueues = 50 // how many queues of others are looked into, so that doctor ends soon
	strayPage   = 20 // how many tasks of each, which name the kind of all
)

// strays looks for tasks of ours in queues that no worker of ours ever serves.
// It sees the first tasks of each queue alone: a producer that names a wrong
// queue does so every time.
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
		if l.length == 0 {
			continue
		}
		first, err := l.list(q.Name, asynq.PageSize(strayPage))
		if err != nil {
			continue // gone meanwhile
		}
		for _, task := range first {
			if task.Type == tasks.TypeRevoke {
				return true
			}
		}
	}
	return false
}
