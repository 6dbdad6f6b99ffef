package worker_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/iamport/iamporttest"
)

// die leaves a task as a worker does that took it and died long ago.
func (b *bench) die(t *testing.T, queue, id string) {
	t.Helper()
	prefix := "asynq:{" + queue + "}:"
	b.client.LRem(t.Context(), prefix+"pending", 0, id)
	b.client.LPush(t.Context(), prefix+"active", id)
	b.client.HSet(t.Context(), prefix+"t:"+id, "state", "active")
	ended := redis.Z{Score: float64(time.Now().Add(-3 * time.Minute).Unix()), Member: id}
	if err := b.client.ZAdd(t.Context(), prefix+"lease", ended).Err(); err != nil {
		t.Fatal(err)
	}
}

func TestUnreadableTaskKeepsNoOtherFromBeingRecovered(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{})
		b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: tasks.KCP})
		b.enqueue(t, tasks.Revocation{ImpUID: one, PG: tasks.KCP})
		client.HSet(t.Context(), "asynq:{receipts-kcp}:t:raw", "msg", `{"imp_uid":"imp_1"}`)
		client.HSet(t.Context(), "asynq:{receipts-kcp}:t:revoke:imp_7", "state", "active") // and no message
		for _, id := range []string{"raw", "revoke:imp_7", tasks.TaskID(one)} {
			b.die(t, "receipts-kcp", id)
		}
		b.start(t)
		if o := b.await(t, one, terminal); o.Reason != outcome.ReasonRevoked {
			t.Errorf("got %+v, want it revoked", o)
		}
		for _, id := range []string{"raw", "revoke:imp_7"} {
			if o := b.await(t, tasks.Unreadable(id), terminal); o.Reason != outcome.ReasonInvalidTask || o.PG != tasks.KCP {
				t.Errorf("%s: got %+v, want an invalid task of kcp", id, o)
			}
		}
		eventually(t, "nothing is left of them", func() bool {
			left := client.Exists(t.Context(), "asynq:{receipts-kcp}:active", "asynq:{receipts-kcp}:lease",
				"asynq:{receipts-kcp}:t:raw", "asynq:{receipts-kcp}:t:revoke:imp_7")
			return left.Val() == 0
		})
	})
}

func TestUnreadableTaskInTheArchiveGetsALetter(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{})
		b.portone.Issue(iamporttest.Receipt{ImpUID: one})
		b.enqueue(t, tasks.Revocation{ImpUID: one})
		client.HSet(t.Context(), "asynq:{receipts}:t:raw", "msg", "no protobuf", "state", "archived")
		stop := b.start(t)
		b.await(t, one, terminal)
		stop()
		client.HSet(t.Context(), "asynq:{receipts}:t:"+tasks.TaskID(one), "msg", "no protobuf", "state", "archived")
		for _, id := range []string{"raw", tasks.TaskID(one)} {
			client.ZAdd(t.Context(), "asynq:{receipts}:archived", redis.Z{Score: float64(time.Now().Unix()), Member: id})
		}
		forget(t, client)
		b.start(t)
		b.await(t, tasks.Unreadable("raw"), terminal)
		eventually(t, "the archive is empty", func() bool {
			return client.ZCard(t.Context(), "asynq:{receipts}:archived").Val() == 0
		})
		if n, err := b.outcomes.DeadLetters(t.Context()); n != 1 || err != nil {
			t.Errorf("%d dead letters, %v; want the one of raw", n, err)
		}
	})
}

// forget lets another process lead the sweepers at once: miniredis would keep
// the lead of the one before for ever.
func forget(t *testing.T, client redis.UniversalClient) {
	t.Helper()
	if err := client.Del(t.Context(), "{receipt}:lead:sweeper").Err(); err != nil {
		t.Fatal(err)
	}
}
