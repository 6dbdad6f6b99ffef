package worker_test

import (
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/iamport/iamporttest"
)

func TestProducerThatAllowsFewRetriesGetsAllAttempts(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{
			Faults: []iamporttest.Rule{{ImpUID: one, Fault: iamporttest.BadGateway, Times: 2}},
		})
		b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: tasks.KCP})
		task, err := tasks.NewTask(tasks.Revocation{ImpUID: one, PG: tasks.KCP, Batch: "b"})
		if err != nil {
			t.Fatal(err)
		}
		theirs := asynq.NewTask(task.Type(), task.Payload())
		if _, err := asynq.NewClientFromRedisClient(client).EnqueueContext(t.Context(), theirs,
			asynq.Queue("receipts"), asynq.MaxRetry(0), asynq.TaskID("theirs")); err != nil {
			t.Fatal(err)
		}
		b.start(t)
		if o := b.await(t, one, terminal); o.Reason != outcome.ReasonRevoked || o.Attempts != 3 || o.Batch != "b" {
			t.Errorf("got %+v, want it revoked by the third attempt", o)
		}
	})
}

// TestLastAttemptThatDiesIsACrash has tasks whose producer allows no retries,
// taken back by Asynq from workers that died.
func TestLastAttemptThatDiesIsACrash(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{})
		b.portone.Issue(iamporttest.Receipt{ImpUID: one})
		r := tasks.Revocation{ImpUID: one}
		for range 4 { // the schedule of the bench
			if _, err := b.outcomes.Begin(t.Context(), r, time.Millisecond); err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * time.Millisecond) // the lease
		}
		task, err := tasks.NewTask(r, asynq.MaxRetry(0))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := asynq.NewClientFromRedisClient(client).EnqueueContext(t.Context(), task); err != nil {
			t.Fatal(err)
		}
		b.die(t, "receipts", tasks.TaskID(one))
		b.start(t) // Asynq's recoverer archives it
		if o := b.await(t, one, terminal); o.Reason != outcome.ReasonCrashed || o.Attempts != 4 {
			t.Errorf("got %+v, want a crash after four attempts", o)
		}
	})
}

// nextSecond waits for the clock's next whole second.
func nextSecond() { time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(time.Second))) }

// TestSettledTaskLeavesNothing has a task of a producer that uses Asynq's
// Unique, which holds a lock.
func TestSettledTaskLeavesNothing(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{})
		task, err := tasks.NewTask(tasks.Revocation{ImpUID: one}, asynq.Unique(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := asynq.NewClientFromRedisClient(client).EnqueueContext(t.Context(), task); err != nil {
			t.Fatal(err)
		}
		if err := asynq.NewInspectorFromRedisClient(client).ArchiveTask("receipts", tasks.TaskID(one)); err != nil {
			t.Fatal(err)
		}
		nextSecond() // Asynq's time of archiving has whole ones
		if err := b.worker(t).Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if o := b.await(t, one, terminal); o.Reason != outcome.ReasonCrashed {
			t.Errorf("got %+v, want a crash", o)
		}
		if left := client.Keys(t.Context(), "asynq:{receipts}:*").Val(); len(left) != 0 {
			t.Errorf("Asynq still has %q", left)
		}
	})
}
