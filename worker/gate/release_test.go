package gate_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
)

// retries puts tasks on a queue that wait for a retry in half an hour, as Asynq has
// them.
func retries(t *testing.T, client *redis.Client, queue string, impUIDs ...string) {
	t.Helper()
	queues(t, client, queue)
	for i, impUID := range impUIDs {
		id := tasks.TaskID(impUID)
		client.HSet(t.Context(), "asynq:{"+queue+"}:t:"+id, "msg", "x", "state", "retry")
		client.ZAdd(t.Context(), "asynq:{"+queue+"}:retry", redis.Z{Score: float64(time.Now().Add(30*time.Minute).Unix() + int64(i)), Member: id})
	}
}

// numbered returns the imp_uids that [process.close] calls for, from one to before
// another.
func numbered(from, to int) (impUIDs []string) {
	for i := from; i < to; i++ {
		impUIDs = append(impUIDs, fmt.Sprintf("imp_%d", i))
	}
	return impUIDs
}

// Only the receipts that failed since the last success are brought forward when a
// gate opens, on whichever queue their tasks are.
func TestReceiptsThatFailedInTheOutageAreBroughtForward(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		kcp := &gateway{}
		config := quick
		config.Receipts = 250
		a := start(t, client, "a", kcp, config)
		retries(t, client, "receipts-kcp", append(numbered(0, 200), "imp_of_yesterday")...)
		retries(t, client, "receipts-bulk-kcp", numbered(200, 250)...)
		retries(t, client, "receipts-nice", numbered(0, 10)...)
		a.close(t, client, tasks.KCP)
		kcp.up.Store(true)

		pending := func(queue string) int64 { return client.LLen(t.Context(), "asynq:{"+queue+"}:pending").Val() }
		eventually(t, "all are brought forward", func() bool {
			return pending("receipts-kcp") == 200 && pending("receipts-bulk-kcp") == 50
		})
		task := client.HGetAll(t.Context(), "asynq:{receipts-kcp}:t:revoke:imp_7").Val()
		if since, err := time.ParseDuration(task["pending_since"] + "ns"); task["state"] != "pending" || err != nil ||
			time.Since(time.Unix(0, int64(since))).Abs() > time.Minute {
			t.Errorf("a task is now %v", task)
		}
		for queue, want := range map[string]string{"receipts-kcp": "[revoke:imp_of_yesterday]", "receipts-bulk-kcp": "[]"} {
			if left := client.ZRange(t.Context(), "asynq:{"+queue+"}:retry", 0, -1).Val(); fmt.Sprint(left) != want {
				t.Errorf("%v are left on %s, want %s", left, queue, want)
			}
		}
		if left := client.ZCard(t.Context(), "asynq:{receipts-nice}:retry").Val(); left != 10 {
			t.Errorf("%d of 10 retries of another gateway are left", left)
		}
		eventually(t, "nothing is left to be brought forward", func() bool {
			return client.Exists(t.Context(), "{receipt}:gate:kcp:released").Val() == 0
		})

		// What fails from now on waits for as long as it should.
		retries(t, client, "receipts-kcp", "imp_3")
		eventually(t, "calls", func() bool { return a.call(t, tasks.KCP, "imp_3") == nil })
		if left := client.ZCard(t.Context(), "asynq:{receipts-kcp}:retry").Val(); left != 2 {
			t.Errorf("%d retries are left, want 2", left)
		}
	})
}

// A process that dies between opening a gate and bringing receipts forward leaves
// that to any other.
func TestReceiptsAreBroughtForwardByWhoeverLives(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	retries(t, client, "receipts-kcp", "imp_1")
	client.HSet(t.Context(), "{receipt}:gate:kcp", "state", "open", "epoch", time.Now().Add(-time.Minute).UnixMicro())
	client.ZAdd(t.Context(), "{receipt}:gate:kcp:released", redis.Z{Score: 1, Member: "imp_1"})
	start(t, client, "a", &gateway{}, quick)
	eventually(t, "it is brought forward", func() bool {
		return client.LLen(t.Context(), "asynq:{receipts-kcp}:pending").Val() == 1
	})
}
