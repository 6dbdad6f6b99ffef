package worker_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/redistest"
	"receiptrevoker/worker/iamport/iamporttest"
)

// lose leaves tasks as Asynq does that archives more than the archive holds:
// archived by their own account, and in no archive.
func (b *bench) lose(t *testing.T, queue string, ids ...string) {
	t.Helper()
	for _, id := range ids {
		b.client.LRem(t.Context(), "asynq:{"+queue+"}:pending", 0, id)
		if err := b.client.HSet(t.Context(), "asynq:{"+queue+"}:t:"+id, "state", "archived").Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTasksThatAsynqsArchiveLostGetAnOutcome lets a person archive more than
// an archive holds.
func TestTasksThatAsynqsArchiveLostGetAnOutcome(t *testing.T) {
	t.Parallel()
	const archived, held = 10_100, 9_999
	client := redistest.Start(t).Client(t)
	b := newBench(t, client, iamporttest.Config{})
	all := make([]tasks.Revocation, archived)
	for i := range all {
		all[i].ImpUID = fmt.Sprintf("imp_%d", i)
	}
	b.enqueue(t, all...)
	inspector := asynq.NewInspectorFromRedisClient(client)
	if n, err := inspector.ArchiveAllPendingTasks("receipts"); n != archived || err != nil {
		t.Fatalf("%d archived, %v", n, err)
	}
	if n := client.ZCard(t.Context(), "asynq:{receipts}:archived").Val(); n != held {
		t.Fatalf("the archive holds %d, want %d: it loses nothing any more", n, held)
	}
	b.start(t)
	redistest.Eventually(t, patience, "every task has an outcome", func() bool {
		n, err := b.outcomes.DeadLetters(t.Context())
		return n == archived && err == nil
	})
	eventually(t, "no task is left", func() bool {
		left, _, err := client.Scan(t.Context(), 0, "asynq:{receipts}:t:*", 100_000).Result()
		return err == nil && len(left) == 0
	})
	eventually(t, "the archive is known to be whole", func() bool {
		cut, err := b.outcomes.CutArchives(t.Context())
		return len(cut) == 0 && err == nil
	})
}

func TestLostTasksAreFoundOnEveryNode(t *testing.T) {
	t.Parallel()
	masters := redistest.StartMasters(t, 3)
	addrs := make([]string, len(masters))
	for i, master := range masters {
		addrs[i] = master.Addr
	}
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: addrs})
	t.Cleanup(func() { _ = client.Close() })
	b := newBench(t, client, iamporttest.Config{})
	var lost []string
	for _, pg := range tasks.Gateways() {
		r := tasks.Revocation{ImpUID: "imp_" + string(pg), PG: pg}
		b.enqueue(t, r)
		queue := tasks.QueueOf(r).Name()
		b.lose(t, queue, tasks.TaskID(r.ImpUID))
		if err := b.outcomes.MarkCut(t.Context(), queue); err != nil {
			t.Fatal(err)
		}
		lost = append(lost, r.ImpUID)
	}
	b.start(t)
	for _, impUID := range lost {
		if o := b.await(t, impUID, terminal); o.Reason != outcome.ReasonCrashed {
			t.Errorf("%s: got %+v, want it dead", impUID, o)
		}
	}
}

func TestBegunTaskThatAsynqsArchiveLostGetsAnOutcome(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{})
		r := tasks.Revocation{ImpUID: one, PG: tasks.KCP}
		b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: tasks.KCP})
		b.enqueue(t, r)
		if _, err := b.outcomes.Begin(t.Context(), r, time.Millisecond); err != nil {
			t.Fatal(err)
		}
		b.lose(t, "receipts-kcp", tasks.TaskID(one))
		b.start(t)
		if o := b.await(t, one, terminal); o.Reason != outcome.ReasonCrashed {
			t.Errorf("got %+v, want a crash", o)
		}
	})
}
