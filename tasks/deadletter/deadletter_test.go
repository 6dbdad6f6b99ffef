package deadletter_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/deadletter"
	"receiptrevoker/tasks/outcome"
)

const one = "imp_000000000001"

var asked = tasks.Revocation{ImpUID: one, PG: tasks.KCP, Batch: "refunds", Row: 17}

// bench is a list with a Redis around it.
type bench struct {
	client   *redis.Client
	outcomes *outcome.Store
	list     *deadletter.List
	queue    *asynq.Client
	tasks    *asynq.Inspector
}

func newBench(client *redis.Client) *bench {
	outcomes := outcome.NewStore(client, outcome.Config{})
	return &bench{
		client: client, outcomes: outcomes,
		list:  deadletter.New(client, outcomes, deadletter.Config{}),
		queue: asynq.NewClientFromRedisClient(client),
		tasks: asynq.NewInspectorFromRedisClient(client),
	}
}

// bury makes a dead letter, at the given time if it is not zero.
func (b *bench) bury(t *testing.T, r tasks.Revocation, reason outcome.Reason, at time.Time) outcome.Outcome {
	t.Helper()
	attempt, err := b.outcomes.Begin(t.Context(), r, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.outcomes.Finish(t.Context(), attempt, outcome.Outcome{Status: outcome.Dead, Reason: reason}); err != nil {
		t.Fatal(err)
	}
	if !at.IsZero() {
		b.client.HSet(t.Context(), "{receipt}:outcome:"+r.ImpUID, "updated_at", at.UTC().Format("2006-01-02T15:04:05.000Z07:00"))
		b.client.ZAdd(t.Context(), "{receipt}:dead", redis.Z{Score: float64(at.UnixMilli()), Member: r.ImpUID})
	}
	o, err := b.outcomes.Get(t.Context(), r.ImpUID)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// archive lets Asynq hold the task of r archived, as after a worker gave up.
func (b *bench) archive(t *testing.T, r tasks.Revocation) {
	t.Helper()
	b.enqueue(t, r)
	if err := b.tasks.ArchiveTask(tasks.QueueOf(r).Name(), tasks.TaskID(r.ImpUID)); err != nil {
		t.Fatal(err)
	}
}

func (b *bench) enqueue(t *testing.T, r tasks.Revocation) {
	t.Helper()
	task, err := tasks.NewTask(r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.queue.EnqueueContext(t.Context(), task); err != nil {
		t.Fatal(err)
	}
}

// state returns what Asynq holds of r, "" if nothing.
func (b *bench) state(t *testing.T, r tasks.Revocation) string {
	t.Helper()
	task, err := b.tasks.GetTaskInfo(tasks.QueueOf(r).Name(), tasks.TaskID(r.ImpUID))
	if errors.Is(err, asynq.ErrTaskNotFound) || errors.Is(err, asynq.ErrQueueNotFound) {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	return task.State.String()
}

// want checks the state of Asynq's task, the status of the outcome and how
// many dead letters there are.
func (b *bench) want(t *testing.T, state string, status outcome.Status, dead int64) {
	t.Helper()
	if got := b.state(t, asked); got != state {
		t.Errorf("the task is %q, want %q", got, state)
	}
	if o, err := b.outcomes.Get(t.Context(), one); o.Status != status || err != nil {
		t.Errorf("the outcome is %q, %v; want %q", o.Status, err, status)
	}
	if n, err := b.outcomes.DeadLetters(t.Context()); n != dead || err != nil {
		t.Errorf("%d dead letters, %v; want %d", n, err, dead)
	}
}

// overdue reports whether the imp_uid is overdue at once.
func (b *bench) overdue(t *testing.T) bool {
	t.Helper()
	open, _, err := b.outcomes.Overdue(t.Context(), -time.Second, 10)
	if err != nil {
		t.Fatal(err)
	}
	return len(open) == 1 && open[0].ImpUID == one
}

// hook changes what happens to the commands of a client; pipelines count as
// one.
type hook struct {
	before func(cmd redis.Cmder) error
	after  func(cmd redis.Cmder) // if it succeeded
}

func (h hook) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h hook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if h.before != nil {
			if err := h.before(cmd); err != nil {
				cmd.SetErr(err)
				return err
			}
		}
		err := next(ctx, cmd)
		if h.after != nil && err == nil {
			h.after(cmd)
		}
		return err
	}
}

func (h hook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// hooked returns a list like b's whose commands pass through h.
func (b *bench) hooked(t *testing.T, h hook) *deadletter.List {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: b.client.Options().Addr})
	t.Cleanup(func() { _ = client.Close() })
	client.AddHook(h)
	return deadletter.New(client, outcome.NewStore(client, outcome.Config{}), deadletter.Config{})
}
