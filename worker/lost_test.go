package worker_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/iamport/iamporttest"
)

// A person archives more tasks than an archive holds: those that it drops say that they
// are archived, and are in no list.
func TestTasksThatAsynqsArchiveDropsAreGivenUp(t *testing.T) {
	t.Parallel()
	const archived, others, held = 200, 9_900, 9_999
	client := redistest.Start(t).Client(t)
	b := newBench(t, client, iamporttest.Config{})
	all := make([]tasks.Revocation, archived)
	for i := range all {
		all[i].ImpUID = fmt.Sprintf("imp_%d", i)
	}
	b.enqueue(t, all...)
	full := make([]redis.Z, others) // younger ones, so that the archive drops ours
	for i := range full {
		full[i] = redis.Z{Score: float64(time.Now().Add(time.Hour).Unix()), Member: fmt.Sprint("other:", i)}
	}
	client.ZAdd(t.Context(), "asynq:{receipts}:archived", full...)
	inspector := asynq.NewInspectorFromRedisClient(client)
	if n, err := inspector.ArchiveAllPendingTasks("receipts"); n != archived || err != nil {
		t.Fatalf("%d archived, %v", n, err)
	}
	if n := client.ZCard(t.Context(), "asynq:{receipts}:archived").Val(); n != held {
		t.Fatalf("the archive holds %d, want %d: it loses nothing any more", n, held)
	}
	if n := client.ZRemRangeByRank(t.Context(), "asynq:{receipts}:archived", -others, -1).Val(); n != others {
		t.Fatalf("%d others were removed, want %d", n, others)
	}
	b.start(t)
	redistest.Eventually(t, patience, "every request has an outcome", func() bool {
		n, err := b.outcomes.DeadLetters(t.Context())
		return n == archived && err == nil
	})
	if calls := b.portone.Stats().Total(iamporttest.OpRevoke); calls != 0 {
		t.Errorf("%d DELETEs of what a person had stopped", calls)
	}
	eventually(t, "no task is left", func() bool {
		left, _, err := client.Scan(t.Context(), 0, "asynq:{receipts}:t:*", 100_000).Result()
		return err == nil && len(left) == 0
	})
}

// What is recorded needs no task to be known, and gets another however the first was
// lost.
func TestRequestWithoutATaskGetsOne(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(t *testing.T, b *bench, r tasks.Revocation){
		"never enqueued": func(t *testing.T, b *bench, r tasks.Revocation) {
			if _, err := b.outcomes.Ask(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		},
		"deleted": func(t *testing.T, b *bench, r tasks.Revocation) {
			b.enqueue(t, r)
			if err := asynq.NewInspectorFromRedisClient(b.client).DeleteTask("receipts-kcp", tasks.TaskID(one)); err != nil {
				t.Fatal(err)
			}
		},
		"its ID is taken by a task that is completed": func(t *testing.T, b *bench, r tasks.Revocation) {
			b.enqueue(t, r)
			if err := b.client.HSet(t.Context(), "asynq:{receipts-kcp}:t:revoke:"+one, "state", "completed").Err(); err != nil {
				t.Fatal(err)
			}
			b.client.Del(t.Context(), "asynq:{receipts-kcp}:pending")
		},
		"its ID is taken by a task that a worker had archived": func(t *testing.T, b *bench, r tasks.Revocation) {
			b.enqueue(t, r) // no receipt is issued yet
			stop := b.start(t)
			b.await(t, one, terminal)
			stop()
			b.client.Del(t.Context(), "{receipt}:outcome:"+one, "{receipt}:request:"+one, "{receipt}:dead", "{receipt}:lead:sweeper")
			if _, err := b.outcomes.Ask(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				b := newBench(t, client, iamporttest.Config{})
				lose(t, b, tasks.Revocation{ImpUID: one, PG: tasks.KCP})
				b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: tasks.KCP})
				b.start(t)
				if o := b.await(t, one, terminal); o.Reason != outcome.ReasonRevoked || o.Attempts != 1 {
					t.Errorf("got %+v, want it revoked", o)
				}
			})
		})
	}
}

// A person archives what waits behind a gate and was tried by probes since: it is not
// called again.
func TestArchivingStopsWhatWasProbed(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		const count = 15
		b := newBench(t, client, iamporttest.Config{})
		b.portone.SetOutage(tasks.KCP, true)
		all := b.issued(t, count, tasks.KCP, "")
		b.start(t, func(config *worker.Config) {
			config.Gate = gate.Config{Receipts: few, Probe: 20 * time.Millisecond, ProbeMax: 20 * time.Millisecond}
		})
		eventually(t, "the gate is closed and its queue paused", func() bool {
			return b.closed(t, "kcp") && client.Exists(t.Context(), "asynq:{receipts-kcp}:paused").Val() == 1
		})
		before := b.portone.Stats().Total(iamporttest.OpRevoke)
		eventually(t, "all have been probed with", func() bool { return b.portone.Stats().Total(iamporttest.OpRevoke) >= before+2*count })
		inspector := asynq.NewInspectorFromRedisClient(client)
		archived := 0
		eventually(t, "all are archived", func() bool { // also one that a worker still had, and puts back
			for _, archive := range []func(string) (int, error){inspector.ArchiveAllPendingTasks, inspector.ArchiveAllRetryTasks} {
				n, err := archive("receipts-kcp")
				if err != nil {
					t.Fatal(err)
				}
				archived += n
			}
			return archived == count
		})
		time.Sleep(100 * time.Millisecond) // a probe that was under way
		calls := b.portone.Stats().Total(iamporttest.OpRevoke)
		for _, r := range all {
			if o := b.await(t, r.ImpUID, terminal); o.Status != outcome.Dead {
				t.Errorf("%s is %s", r.ImpUID, o.Status)
			}
		}
		b.portone.SetOutage(tasks.KCP, false)
		if after := b.portone.Stats().Total(iamporttest.OpRevoke); after != calls {
			t.Errorf("%d DELETEs after it was archived", after-calls)
		}
	})
}
