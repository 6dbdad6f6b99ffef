package gate_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/redistest"
)

// retries puts tasks on a queue that wait for a retry in half an hour, as
// Asynq has them.
func retries(t *testing.T, client *redis.Client, queue string, count int) {
	t.Helper()
	queues(t, client, queue)
	for i := range count {
		id := fmt.Sprintf("%s-%d", queue, i)
		client.HSet(t.Context(), "asynq:{"+queue+"}:t:"+id, "msg", "x", "state", "retry")
		client.ZAdd(t.Context(), "asynq:{"+queue+"}:retry", redis.Z{Score: float64(time.Now().Add(30*time.Minute).Unix() + int64(i)), Member: id})
	}
}

func TestRetriesAreBroughtForwardAsTheyAreWorkedOff(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, client *redis.Client) {
		kcp := &gateway{}
		a := start(t, client, "a", kcp, quick)
		retries(t, client, "receipts-kcp", 1500)
		retries(t, client, "receipts-bulk-kcp", 10)
		retries(t, client, "receipts-nice", 10)
		a.close(t, client, tasks.KCP)
		kcp.up.Store(true)

		pending := "asynq:{receipts-kcp}:pending"
		eventually(t, "some are brought forward", func() bool { return client.LLen(t.Context(), pending).Val() > 0 })
		done, longest := make(map[string]bool), int64(0)
		eventually(t, "all are", func() bool {
			longest = max(longest, client.LLen(t.Context(), pending).Val())
			for range 50 { // a worker works them off
				if id, err := client.RPop(t.Context(), pending).Result(); err == nil {
					done[id] = true
				}
			}
			return len(done) == 1500
		})
		if longest > 300 {
			t.Errorf("%d tasks stood there at once, want at most 300", longest)
		}
		task := client.HGetAll(t.Context(), "asynq:{receipts-kcp}:t:receipts-kcp-7").Val()
		if since, err := time.ParseDuration(task["pending_since"] + "ns"); task["state"] != "pending" || err != nil ||
			time.Since(time.Unix(0, int64(since))).Abs() > time.Minute {
			t.Errorf("a task is now %v", task)
		}
		eventually(t, "the bulk queue's are, too", func() bool {
			return client.LLen(t.Context(), "asynq:{receipts-bulk-kcp}:pending").Val() == 10
		})
		if left := client.ZCard(t.Context(), "asynq:{receipts-nice}:retry").Val(); left != 10 {
			t.Errorf("%d of 10 retries of another gateway are left", left)
		}
		eventually(t, "the gate is going to be forgotten", func() bool { return client.TTL(t.Context(), "{receipt}:gate:kcp").Val() > 0 })

		// What fails from now on waits for as long as it should.
		retries(t, client, "receipts-kcp", 1)
		eventually(t, "calls", func() bool { return a.call(t, tasks.KCP, "imp_1") == nil })
		if left := client.ZCard(t.Context(), "asynq:{receipts-kcp}:retry").Val(); left != 1 {
			t.Errorf("%d retries are left, want 1", left)
		}
	})
}

func TestNothingIsBroughtForwardOnAQueueThatAPersonPaused(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	kcp := &gateway{}
	a := start(t, client, "a", kcp, quick)
	retries(t, client, "receipts-kcp", 10)
	if err := asynq.NewInspectorFromRedisClient(client).PauseQueue("receipts-kcp"); err != nil {
		t.Fatal(err)
	}
	a.close(t, client, tasks.KCP)
	kcp.up.Store(true)
	eventually(t, "the gate is cleared", func() bool { return client.HExists(t.Context(), "{receipt}:gate:kcp", "released").Val() })
	if left := client.ZCard(t.Context(), "asynq:{receipts-kcp}:retry").Val(); left != 10 {
		t.Errorf("%d of 10 retries are left", left)
	}
}
