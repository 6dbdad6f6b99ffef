package sweep

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/hibiken/asynq"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/complaint"
)

const (
	// overduePage is how many overdue requests are looked at in one go.
	overduePage = 500
	// stillQueued is how long a request that has a task is left alone. With the time
	// after which it is overdue, that bounds how long a lost task stays lost.
	stillQueued = 30 * time.Second
	// soon is when something is tried again that failed.
	soon = time.Minute
)

// overdue gives each request that is overdue a task, or ends it, until nothing is overdue or the time
// for it is over.
func (s *Sweeper) overdue(ctx context.Context) error {
	until := time.Now().Add(stageTime)
	s.empty = make(map[string]time.Time)
	var problems []error
	for !s.over(ctx, until) {
		open, ended, err := s.Outcomes.Overdue(ctx, s.late(), overduePage)
		if err != nil || len(open)+len(ended) == 0 {
			return errors.Join(append(problems, err)...)
		}
		troubled, problem := s.goOn(ctx, open, until)
		problems = append(problems, problem)
		if err := s.leave(ctx, open, troubled); err != nil {
			return errors.Join(append(problems, err)...)
		}
	}
	return errors.Join(problems...)
}

// late is after how long a request is overdue whose next attempt was due: two sweeps.
func (s *Sweeper) late() time.Duration { return 2 * s.Every }

// leave makes the requests that were looked at not overdue for a while, also those for which something
// failed: these come back a minute later, and hold up no others meanwhile.
func (s *Sweeper) leave(ctx context.Context, open []outcome.Open, troubled []string) error {
	var well []string
	for _, o := range open {
		if !slices.Contains(troubled, o.ImpUID) {
			well = append(well, o.ImpUID)
		}
	}
	err := s.Outcomes.Postpone(ctx, troubled, soon)
	if err == nil {
		err = s.Outcomes.Postpone(ctx, well, stillQueued)
	}
	return err
}

// goOn does with some requests at a time what there is to do. It returns those for which that failed,
// and the reason for the first.
func (s *Sweeper) goOn(ctx context.Context, open []outcome.Open, until time.Time) (troubled []string, problem error) {
	var lock sync.Mutex
	needy := slices.DeleteFunc(s.find(ctx, open), found.well)
	needy, err := s.still(ctx, needy)
	if err != nil {
		return nil, err
	}
	problem = forEach(ctx, s, needy, until, func(ctx context.Context, f found) error {
		err := s.goOnWith(ctx, f)
		if err != nil {
			lock.Lock()
			defer lock.Unlock()
			troubled = append(troubled, f.ImpUID)
		}
		return err
	})
	if problem != nil {
		problem = fmt.Errorf("%d of %d overdue requests not looked after: %w", len(troubled), len(open), problem)
	}
	return troubled, problem
}

// still returns those requests that are overdue now, too. One whose attempt ended, or began, after
// it was read as overdue has its task no more, or needs none besides.
func (s *Sweeper) still(ctx context.Context, needy []found) ([]found, error) {
	impUIDs := make([]string, len(needy))
	for i, f := range needy {
		impUIDs[i] = f.ImpUID
	}
	overdue, err := s.Outcomes.StillOverdue(ctx, s.late(), impUIDs)
	return slices.DeleteFunc(needy, func(f found) bool { return !slices.Contains(overdue, f.ImpUID) }), err
}

// goOnWith ends a request that was withdrawn, settles one whose task is archived, and enqueues one that
// has no task, or only that of an earlier request, which waits for a retry.
func (s *Sweeper) goOnWith(ctx context.Context, f found) error {
	switch {
	case f.err != nil:
		return f.err
	case f.Withdrawn:
		// One that is not withdrawn any more has been requested anew since.
		_, err := s.Handler.Conclude(ctx, f.Revocation, func(time.Time) bool { return false })
		return err
	case f.state == asynq.TaskStateArchived:
		if ours, err := s.settleFound(ctx, f); !ours || err != nil {
			return err
		}
	}
	return s.enqueue(ctx, f.Revocation)
}

// found is an open request, and what Asynq holds of it: its task, and the state of that,
// [asynqkeys.NoTask] if there is none that is still to be done.
type found struct {
	outcome.Open
	queue, id string
	state     asynq.TaskState
	err       error
}

// well reports whether nothing is to be done: the request has a task, which waits or runs. A task that
// waits for a retry of an earlier request would keep a new one waiting for up to half an hour.
func (f found) well() bool {
	earlier := f.Anew && (f.state == asynq.TaskStateRetry || f.state == asynq.TaskStateScheduled)
	return f.err == nil && !f.Withdrawn && !earlier && !f.wants()
}

// wants reports whether no task was found yet that waits or runs.
func (f found) wants() bool { return f.state == asynqkeys.NoTask || f.state == asynq.TaskStateArchived }

// find finds the tasks of requests, on the queues where a producer of such a request may have put it.
// Most are on the first; a withdrawn request needs none. A queue is asked once for all of them.
func (s *Sweeper) find(ctx context.Context, open []outcome.Open) []found {
	all := make([]found, len(open))
	for n, o := range open {
		all[n] = found{Open: o, id: tasks.TaskID(o.ImpUID)}
	}
	for i := range mostQueues {
		at := make(map[string][]*found)
		for n := range all {
			f := &all[n]
			queues := queuesOf(f.Revocation, s.Tasks.Namespace)
			if i >= len(queues) || f.Withdrawn || !f.wants() {
				continue
			}
			at[queues[i]] = append(at[queues[i]], f)
		}
		for queue, some := range at {
			s.Beat()
			s.findOn(ctx, queue, some)
		}
	}
	return all
}

// findOn looks for the tasks of some requests on one queue. Tasks that are active without a lease are
// not being worked on, whatever their state says: the next sweep takes them back. Tasks that the queue
// has lost are put back in line.
func (s *Sweeper) findOn(ctx context.Context, queue string, some []*found) {
	ids := make([]string, len(some))
	for i, f := range some {
		ids[i] = f.id
	}
	states, err := asynqkeys.States(ctx, s.Redis, queue, ids)
	if slices.Contains(states, asynq.TaskStateActive) {
		err = s.leaseUnleased(ctx, queue, ids...)
	}
	if slices.Contains(states, asynq.TaskStatePending) {
		err = errors.Join(err, s.relist(ctx, queue, ids))
	}
	for i, f := range some {
		switch {
		case err != nil:
			f.err = err
		case states[i] == asynqkeys.Foreign:
			f.err = fmt.Errorf("the task %s of %s is none of Asynq's: mend its key in Redis", f.id, queue)
		case states[i] != asynqkeys.NoTask && states[i] != asynq.TaskStateCompleted:
			f.queue, f.state = queue, states[i]
		}
	}
}

// relist puts tasks back in the line of a queue that do not wait in it, although their state says so,
// as where Redis lost the line alone. To find one task in a long line would cost as much as the line is
// long, and so only a line that is seen empty tells that, once a sweep.
func (s *Sweeper) relist(ctx context.Context, queue string, ids []string) error {
	if _, looked := s.empty[queue]; !looked {
		now := time.Now()
		none, err := asynqkeys.NoneWaits(ctx, s.Redis, queue)
		if err != nil {
			return err
		}
		if s.empty[queue] = now; !none {
			s.empty[queue] = time.Time{}
		}
	}
	if s.empty[queue].IsZero() {
		return nil
	}
	back, err := asynqkeys.Relist(ctx, s.Redis, queue, s.empty[queue], ids)
	if len(back) > 0 {
		s.Log.Warn("put back in line: the queue had lost them", "tasks", back, "queue", queue)
	}
	return err
}

// mostQueues is on how many queues the task of one request may be: see [queuesOf].
const mostQueues = 4

// queuesOf returns where the task of a request may be: on its own queue, on that of the same gateway
// with or without a batch, or on one that has the name of a gateway that is not known here, as a newer
// producer may have used it.
func queuesOf(r tasks.Revocation, namespace string) []string {
	own := tasks.QueueOf(r).In(namespace)
	other := own
	other.Bulk = !own.Bulk
	queues := []string{own.Name(), other.Name()}
	if own.PG == "" && r.PG != "" {
		own.PG, other.PG = r.PG, r.PG
		queues = append(queues, own.Name(), other.Name())
	}
	return queues
}

// settleFound settles a task that is archived, and reports whether it is a worker's doing and not a
// person's: then the request needs another task.
func (s *Sweeper) settleFound(ctx context.Context, f found) (ours bool, err error) {
	task, err := s.recovery(f.queue).ArchivedTask(ctx, f.id)
	switch {
	case asynqkeys.Gone(err):
		return true, nil
	case err != nil:
		return false, err
	}
	page := []archivedTask{{ArchivedTask: task}}
	if err := s.inform(ctx, page); err != nil || page[0].Refused() {
		return err == nil, err
	}
	return false, s.settle(ctx, page[0])
}

// enqueue enqueues a request that has no task any more. What can never be called ends as the task
// would, as a dead letter.
func (s *Sweeper) enqueue(ctx context.Context, r tasks.Revocation) error {
	enqueued, err := s.Tasks.Enqueue(ctx, r)
	switch {
	case errors.Is(err, tasks.ErrInvalid):
		// The next sweep tries again.
		_ = s.Handler.Bury(ctx, r, err)
		return nil
	case err != nil:
		return err
	}
	if enqueued {
		s.Log.Warn("enqueued again: its task was gone", complaint.About(ctx, r)...)
	}
	return nil
}
