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

// deletion is a request that deletes tasks that have not ended: one, by its ID; some, by
// IDs in the body; or all of a list of a queue.
var deletion = regexp.MustCompile(
	`/api/queues/([^/]+)/(pending|scheduled|retry|archived)_tasks(?:/([^/:]+(?::[^/]+)?)|:(delete_all|batch_delete))$`)

// lists are the states of tasks by what Asynqmon calls their lists.
var lists = map[string]asynq.TaskState{
	"pending": asynq.TaskStatePending, "scheduled": asynq.TaskStateScheduled,
	"retry": asynq.TaskStateRetry, "archived": asynq.TaskStateArchived,
}

const (
	// mostIDs bounds the body of a request that names tasks.
	mostIDs = 1 << 20
	// deletePage is how many requests are cancelled in one step.
	deletePage = 500
)

// canceller cancels what tasks ask for that are deleted: a request without a task would
// be enqueued again.
type canceller struct {
	redis    redis.UniversalClient
	outcomes *outcome.Store
}

// cancel cancels what a request to the web UI deletes, before it is deleted.
func (c canceller) cancel(r *http.Request) error {
	found := deletion.FindStringSubmatch(r.URL.EscapedPath())
	if found == nil || r.Method != http.MethodDelete && found[4] != "batch_delete" {
		return nil
	}
	queue, err := url.PathUnescape(found[1])
	if q, ours := tasks.ParseQueue(queue); err != nil || !ours || !q.IsIn(c.outcomes.Namespace()) {
		return err
	}
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

// ofQueue is a request about a queue.
var ofQueue = regexp.MustCompile(`/api/queues/([^/]+?)(?::pause|:resume)?(?:/|$)`)

// foreign returns why a request may not change a queue of another namespace, nil if it
// changes none.
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

// namedTasks returns the IDs that a request's body names, and leaves the body as it was.
func namedTasks(r *http.Request) ([]string, error) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, mostIDs))
	if err != nil {
		return nil, fmt.Errorf("read which tasks are deleted: %w", err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	var named struct {
		IDs []string `json:"task_ids"`
	}
	if err := json.Unmarshal(body, &named); err != nil {
		return nil, fmt.Errorf("read which tasks are deleted: %w", err)
	}
	return named.IDs, nil
}

// cancelAll cancels what all tasks of a list of a queue ask for.
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
// task on another queue: the one that is deleted is then of an earlier request.
func (c canceller) cancelTasks(ctx context.Context, queue, list string, ids []string) error {
	ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !strings.HasPrefix(id, tasks.TaskID("")) })
	queues, err := asynqkeys.Ours(ctx, c.redis, c.outcomes.Namespace())
	if err != nil {
		return fmt.Errorf("list the queues: %w", err)
	}
	elsewhere := make(map[string]bool)
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

// isTask reports whether a task in a state may be a request's own where
// another of the same ID is deleted from a list: one that is still to be done, or one that
// was archived later than one that is archived as well.
func isTask(state, list asynq.TaskState) bool {
	switch state {
	case asynq.TaskStatePending, asynq.TaskStateScheduled, asynq.TaskStateRetry, asynq.TaskStateActive:
		return true
	}
	return state == asynq.TaskStateArchived && list == asynq.TaskStateArchived
}

// errNotCancelled begins what a person reads whose deletion was refused.
var errNotCancelled = errors.New("nothing was deleted: what the tasks ask for could not be cancelled")
