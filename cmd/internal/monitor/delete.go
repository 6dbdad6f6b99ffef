package monitor

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/outcome"
)

// deletion is a request to Asynqmon's API that deletes tasks that have not ended: one, by
// its ID; some, by IDs in the body; or all of a list of a queue. The paths are those of
// handler.go of Asynqmon 0.7.2: after an upgrade compare them. An ID has a colon in it,
// revoke:imp_448280090638; a path with an action behind the ID, such as :archive, matches
// too, and is told from a deletion by its method, POST. Lists of active and completed tasks
// are left out: Asynqmon deletes no active task, and what is completed has ended.
var deletion = regexp.MustCompile(
	`/api/queues/([^/]+)/(pending|scheduled|retry|archived)_tasks(?:/([^/:]+(?::[^/]+)?)|:(delete_all|batch_delete))$`)

// lists are the states of tasks by what Asynqmon calls their lists, in the paths.
var lists = map[string]asynq.TaskState{
	"pending": asynq.TaskStatePending, "scheduled": asynq.TaskStateScheduled,
	"retry": asynq.TaskStateRetry, "archived": asynq.TaskStateArchived,
}

const (
	// mostIDs bounds the body of a request that names tasks, in bytes.
	mostIDs = 1 << 20
	// deletePage is how many requests are cancelled at a time.
	deletePage = 500
)

// canceller cancels the requests whose tasks people delete in the Asynq web UI. A request
// without a task would be enqueued again within two minutes, as a lost one is, and revoked
// against the will of the person who deleted it.
type canceller struct {
	redis    redis.UniversalClient
	outcomes *outcome.Store
}

// cancel cancels what a request to the web UI deletes, before it is deleted: if the process
// dies in between, the task is left and ends as withdrawn. It does nothing for any other
// request. After an error nothing must be deleted.
func (c canceller) cancel(r *http.Request) error {
	found := deletion.FindStringSubmatch(r.URL.EscapedPath())
	// The methods are those by which Asynqmon deletes. It refuses any other one, a GET with IDs in its
	// body too, which would here cancel what it does not delete.
	if found == nil || r.Method != http.MethodDelete && (found[4] != "batch_delete" || r.Method != http.MethodPost) {
		return nil
	}
	queue, err := url.PathUnescape(found[1])
	// Queues of other programs have no requests of ours; those of other namespaces foreign
	// has refused.
	if q, ours := tasks.ParseQueue(queue); err != nil || !ours || !q.IsIn(c.outcomes.Namespace()) {
		return err
	}
	// Of a single task the ID is in the path.
	ids := make([]string, 1)
	switch {
	case found[4] == "delete_all":
		return c.cancelAll(r.Context(), queue, found[2])
	case found[4] == "batch_delete":
		ids, err = namedTasks(r)
	default:
		ids[0], err = url.PathUnescape(found[3])
	}
	if err != nil {
		return err
	}
	return c.cancelTasks(r.Context(), queue, found[2], ids)
}

// ofQueue is a request about a queue or its tasks, with the queue's name as Asynqmon's
// paths have it; the name ends before :pause and :resume.
var ofQueue = regexp.MustCompile(`/api/queues/([^/]+?)(?::pause|:resume)?(?:/|$)`)

// foreign returns why a request may not change a queue of another namespace, nil if it
// changes none. That namespace has another PortOne account, and people of its own. Reading
// is allowed, and so is changing queues of other programs.
func (c canceller) foreign(r *http.Request) error {
	found := ofQueue.FindStringSubmatch(r.URL.EscapedPath())
	if found == nil || safe(r.Method) {
		return nil
	}
	queue, err := url.PathUnescape(found[1])
	if q, ours := tasks.ParseQueue(queue); err == nil && ours && !q.IsIn(c.outcomes.Namespace()) {
		return fmt.Errorf("the queue is of the namespace %s, which has a site of its own",
			cmp.Or(q.Namespace, tasks.DefaultNamespace))
	}
	return err
}

// namedTasks returns the IDs that a request's body names, and leaves the body to be read
// again by Asynqmon.
func namedTasks(r *http.Request) ([]string, error) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, mostIDs))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errIDs, err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	var named struct {
		IDs []string `json:"task_ids"`
	}
	if err := json.Unmarshal(body, &named); err != nil {
		return nil, fmt.Errorf("%w: %w", errIDs, err)
	}
	return named.IDs, nil
}

// cancelAll cancels what all tasks of a list of a queue ask for, a page at a time. A task
// that is added meanwhile may be deleted without its request being cancelled; that request
// is then enqueued again.
func (c canceller) cancelAll(ctx context.Context, queue, list string) error {
	of := asynqkeys.List{Queue: queue, State: lists[list]}
	for start := int64(0); ; start += deletePage {
		ids, err := of.IDs(ctx, c.redis, start, start+deletePage-1)
		if err != nil || len(ids) == 0 {
			return err
		}
		if err := c.cancelTasks(ctx, queue, list, ids); err != nil {
			return err
		}
	}
}

// cancelTasks cancels what tasks on a list of a queue ask for, unless a request has its
// task on another queue: the one that is deleted is then left of an earlier request, as
// where the archive is cleaned. To cancel the newer request for that would lose it.
func (c canceller) cancelTasks(ctx context.Context, queue, list string, ids []string) error {
	// Only an ID of our own form names an imp_uid; other producers may choose others.
	ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !strings.HasPrefix(id, tasks.TaskID("")) })
	queues, err := asynqkeys.Ours(ctx, c.redis, c.outcomes.Namespace())
	if err != nil {
		return fmt.Errorf("list the queues: %w", err)
	}
	elsewhere := make(map[string]bool)
	// One step for each queue tells the states of all the IDs in it.
	for _, other := range queues {
		if other == queue || len(ids) == 0 {
			continue
		}
		states, err := asynqkeys.States(ctx, c.redis, other, ids)
		if err != nil {
			return err
		}
		for i, state := range states {
			elsewhere[ids[i]] = elsewhere[ids[i]] || isTask(state, lists[list])
		}
	}
	var impUIDs []string
	for _, id := range ids {
		if !elsewhere[id] {
			impUIDs = append(impUIDs, strings.TrimPrefix(id, tasks.TaskID("")))
		}
	}
	_, err = c.outcomes.Cancel(ctx, impUIDs, false)
	return err
}

// isTask reports whether a task in a state may be a request's own, where another of the
// same ID is deleted from a list: a task that is still to be done, or, where both are
// archived, the other one. Which of two archived tasks is the older cannot be seen here, so
// the request is left alone.
func isTask(state, list asynq.TaskState) bool {
	switch state {
	case asynq.TaskStatePending, asynq.TaskStateScheduled, asynq.TaskStateRetry, asynq.TaskStateActive:
		return true
	}
	return state == asynq.TaskStateArchived && list == asynq.TaskStateArchived
}

// errIDs is matched where a request does not say which tasks it deletes: the mistake is the sender's.
var errIDs = errors.New("the body must name tasks, as in {\"task_ids\":[…]}")

// errNotCancelled begins what a person reads whose deletion was refused, with the reason
// behind it. The deletion can be repeated.
var errNotCancelled = errors.New("nothing was deleted: what the tasks ask for could not be cancelled")
