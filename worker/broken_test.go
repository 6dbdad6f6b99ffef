package worker_test

import (
	"log/slog"
	"testing"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker"
	"receiptrevoker/worker/backoff"
	"receiptrevoker/worker/iamport/iamporttest"
)

// An unreadable task may bear the imp_uid of a good one, whose outcome is not its own.
func TestUnreadableTaskLeavesTheImpUIDAlone(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{})
		b.portone.Issue(iamporttest.Receipt{ImpUID: one})
		queue := asynq.NewClientFromRedisClient(client)
		task := asynq.NewTask("receipt:revoked", []byte(`{"imp_uid":"`+one+`"}`))
		if _, err := queue.EnqueueContext(t.Context(), task, asynq.TaskID(one), asynq.Queue("receipts")); err != nil {
			t.Fatal(err)
		}
		stop := b.start(t)
		if o := b.await(t, "task:"+one, terminal); o.Reason != outcome.ReasonInvalidTask {
			t.Errorf("got %+v, want an invalid task", o)
		}
		stop()
		b.enqueue(t, tasks.Revocation{ImpUID: one})
		b.start(t)
		if o := b.await(t, one, terminal); o.Status != outcome.Revoked || o.Attempts != 1 {
			t.Errorf("got %+v, want it revoked", o)
		}
	})
}

// Redis says of broken data what no repetition mends: the slot is given back.
func TestBrokenOutcomeHoldsNoSlot(t *testing.T) {
	t.Parallel()
	key := "{receipt}:outcome:" + one
	tests := map[string]func(*redis.Client) *redis.Cmd{
		"another type": func(c *redis.Client) *redis.Cmd { return c.Do(t.Context(), "SET", key, "x") },
		"no number":    func(c *redis.Client) *redis.Cmd { return c.Do(t.Context(), "HSET", key, "leased_until", "x") },
	}
	for name, breakIt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := redistest.Start(t).Client(t)
			if err := breakIt(client).Err(); err != nil {
				t.Fatal(err)
			}
			b := newBench(t, client, iamporttest.Config{})
			b.enqueueAlone(t, tasks.Revocation{ImpUID: one})
			var log lines
			b.start(t, func(config *worker.Config) {
				config.Log, config.Schedule = slog.New(slog.NewJSONHandler(&log, nil)), backoff.Schedule{}
			})
			inspector := asynq.NewInspectorFromRedisClient(client)
			eventually(t, "the task waits for its time", func() bool {
				task, err := inspector.GetTaskInfo("receipts", tasks.TaskID(one))
				return err == nil && task.State == asynq.TaskStateRetry && task.Retried == 0
			})
			if log.count(`"imp_uid":"`+one) == 0 {
				t.Error("the log does not say which imp_uid it is")
			}
		})
	}
}
