package doctor

import (
	"context"
	"fmt"
	"strings"

	"github.com/hibiken/asynq"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/outcome"
)

// queue is what waits in one of Asynq's queues, and whether a worker that is running takes
// its tasks.
type queue struct {
	asynqkeys.Queue
	served bool
}

// queues looks for tasks that no worker serves, in our queues and in others. What the user
// of Redis may not look at hides nothing else: each reading that is refused is a finding of
// its own, and those after it are made all the same.
func (d *doctor) queues(ctx context.Context) {
	names, err := asynqkeys.Names(ctx, d.Redis)
	if err != nil {
		d.tell(unknown("queues", refusal("reading Asynq's queues", err)))
		return
	}
	var ours, others []string
	for _, name := range names {
		// Queues of other namespaces of ours are neither: another account's workers serve
		// them, and a doctor of their own examines them.
		switch q, own := tasks.ParseQueue(name); {
		case !own:
			others = append(others, name)
		case q.IsIn(d.Outcomes.Namespace()):
			ours = append(ours, name)
		}
	}
	d.ours(ctx, ours)
	d.others(ctx, others)
}

// ours examines our own queues: workers, pauses, archives and leases.
func (d *doctor) ours(ctx context.Context, names []string) {
	all, err := d.backlog(ctx, names)
	if err != nil {
		d.tell(unknown("queues", refusal("reading our queues", err)))
		return
	}
	waiting, err := d.Outcomes.Waiting(ctx)
	if err != nil {
		d.tell(unknown("queues", refusal("reading the open requests", err)))
		return
	}
	if workers, err := asynqkeys.NewWorkers(d.Redis, d.Outcomes.Namespace()).List(ctx); err != nil {
		d.tell(unknown("queues", refusal("reading Asynq's servers", err)))
	} else {
		// Only here is it known which queues are served: without Asynq's registry of
		// servers nothing is said of workers, since all queues would look unserved.
		for i := range all {
			all[i].served = asynqkeys.Served(workers, all[i].Name)
		}
		d.tell(served(all, asynqkeys.CountOf(workers), waiting), older(workers))
	}
	for _, q := range all {
		// Unserved counts active tasks, too: a worker may have died with them.
		if q.Paused {
			d.held += q.Unserved()
		}
	}
	d.tell(paused(all, waiting), archive(all), d.unleased(ctx, all))
}

// others looks for tasks of ours in the queues of other programs that use the same Redis.
// Users of Redis who may read our keys alone get unknown here.
func (d *doctor) others(ctx context.Context, names []string) {
	all, err := d.backlog(ctx, names)
	if err != nil {
		d.tell(unknown("strays", refusal("reading the queues of others", err)))
		return
	}
	d.tell(strays(asynq.NewInspectorFromRedisClient(d.Redis), all, d.Outcomes.Namespace()))
}

// backlog counts what is in the named queues, by lengths alone.
func (d *doctor) backlog(ctx context.Context, names []string) ([]queue, error) {
	counted, err := asynqkeys.Read(ctx, d.Redis, names)
	if err != nil {
		return nil, err
	}
	all := make([]queue, len(counted))
	for i, q := range counted {
		all[i] = queue{Queue: q}
	}
	return all, nil
}

// served looks for tasks of ours that wait for a worker that is not there. Where no worker
// takes any task and requests are open that are not cancelled, that is a failure, and
// otherwise a warning: tasks for no open request may be those of a producer that records
// none, or of requests that have ended.
func served(queues []queue, workers asynqkeys.Count, of outcome.Waiting) Finding {
	var left []string
	waiting := int64(0)
	for _, q := range queues {
		waits := q.Waiting()
		// Active tasks of a queue without a worker wait as well: their worker died.
		if !q.served {
			waits = q.Unserved()
		}
		waiting += waits
		if waits > 0 && !q.served {
			left = append(left, fmt.Sprintf("%s (%d)", q.Name, waits))
		}
	}
	found := fmt.Sprintf("%s, %s in %s", processes(workers),
		count(waiting, "task waits", "tasks wait"), count(len(queues), "queue", "queues"))
	if waiting > 0 {
		found += of.Behind(waiting)
	}
	if len(left) == 0 {
		return ok("queues", found)
	}
	found += "; no worker serves " + shorten(left)
	mend := "start workers with revoker work, with this Redis and enough rights; " +
		"where one runs, its log and /readyz say why it serves nothing"
	// Such a worker has started, and PortOne has not accepted its account yet: another one
	// would wait beside it.
	if workers.Waiting > 0 {
		mend = "look at the log and /readyz of the workers that wait: they take tasks once PortOne accepts their account"
	}
	if workers.Serving == 0 && of.Wanted() > 0 {
		return failure("queues", found, mend)
	}
	return warning("queues", found, mend)
}

// processes says how many workers there are, and what keeps some from taking tasks, as in
// "2 workers, 1 waits for PortOne".
func processes(workers asynqkeys.Count) string {
	text := count(workers.Serving, "worker", "workers")
	if workers.Waiting > 0 {
		text += ", " + count(workers.Waiting, "waits for PortOne", "wait for PortOne")
	}
	if workers.Stopping > 0 {
		text += ", " + count(workers.Stopping, "is stopping", "are stopping")
	}
	return text
}

// older looks for workers that understand less than producers may ask: of an older version,
// or another program that serves our queues. Their protocol is read from the weights of
// their queues in Asynq's registry.
func older(workers []asynqkeys.Worker) Finding {
	var found []string
	for _, w := range workers {
		if w.Older() {
			found = append(found, w.String())
		}
	}
	if len(found) > 0 {
		return warning("older-workers",
			"these do not know which receipt is meant, and revoke whichever there is: "+shorten(found),
			"stop them, or upgrade them; until then apply_num and --again are refused, "+
				"and those that wait may be revoked wrongly")
	}
	return ok("older-workers", fmt.Sprintf("all workers are of protocol %d or newer", asynqkeys.Protocol))
}

// paused looks for queues that were paused while tasks wait in them, by a person or by a
// gate. It cannot be a failure: both may be right, and only the operator knows.
func paused(queues []queue, of outcome.Waiting) Finding {
	var held []string
	all, elsewhere := int64(0), int64(0)
	for _, q := range queues {
		if q.Paused && q.Waiting() > 0 {
			all += q.Waiting()
			held = append(held, fmt.Sprintf("%s (%d)", q.Name, q.Waiting()))
		} else {
			elsewhere += q.Waiting()
		}
	}
	if len(held) > 0 {
		text := "paused with tasks in them: " + shorten(held)
		// The store counts the open requests of all queues together. Where other queues
		// have tasks too, the requests may be theirs, and nothing is said of how many wait
		// here.
		if elsewhere == 0 || of.Open == 0 {
			text += of.Behind(all)
		}
		return warning("paused", text,
			"see with revoker queue list who paused them and why; "+
				"a gate resumes by itself, a person with revoker queue resume")
	}
	return ok("paused", "no queue is paused with tasks in it")
}

const (
	// archiveLimit is how many tasks Asynq keeps in a queue's archive (maxArchiveSize in
	// its internal/rdb/rdb.go): beyond, it deletes the oldest without a word.
	archiveLimit = 10_000
	// archiveNear is ten times what a worker's sweep leaves there: none has swept for long.
	archiveNear = 5_000
)

// archive looks for archives that workers should have trimmed: their sweep gives every
// archived task an outcome, and deletes the oldest above 500 (archiveKeep in worker/sweep).
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
			fmt.Sprintf("near Asynq's limit of %d archived tasks: %s", archiveLimit, shorten(near)),
			"start a worker: it gives archived tasks their outcomes and trims the archive")
	}
	return ok("archive",
		fmt.Sprintf("at most %s in a queue, of the %d that Asynq keeps",
			count(most, "archived task", "archived tasks"), archiveLimit))
}

// maxNames is how many names a finding shows: there are two queues for each gateway, and a
// finding is to fit on a screen.
const maxNames = 10

// shorten joins names, of many the first ten, and says how many more there are.
func shorten(names []string) string {
	if len(names) > maxNames {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:maxNames], ", "), len(names)-maxNames)
	}
	return strings.Join(names, ", ")
}
