package worker_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker"
	"receiptrevoker/worker/iamport/iamporttest"
)

// eventually waits until what is asked for holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	redistest.Eventually(t, 2*time.Minute, what, holds)
}

func TestArchivedTaskWithoutAnOutcomeGetsOne(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{})
		b.portone.Issue(iamporttest.Receipt{ImpUID: one}, iamporttest.Receipt{ImpUID: "imp_2"})
		b.enqueue(t, tasks.Revocation{ImpUID: one}, tasks.Revocation{ImpUID: "imp_2"}, tasks.Revocation{ImpUID: "imp_3"})
		inspector := asynq.NewInspectorFromRedisClient(client)
		for _, impUID := range []string{one, "imp_2", "imp_3"} {
			if err := inspector.ArchiveTask("receipts", tasks.TaskID(impUID)); err != nil {
				t.Fatal(err)
			}
		}
		b.revoke(t, one) // by a process that died before it could say so

		b.start(t)
		for impUID, want := range map[string]outcome.Reason{
			one: outcome.ReasonAlreadyRevoked, "imp_2": outcome.ReasonCrashed, "imp_3": outcome.ReasonCrashed,
		} {
			if o := b.await(t, impUID, terminal); o.Reason != want || o.Attempts != 0 {
				t.Errorf("%s: got %+v, want %s", impUID, o, want)
			}
		}
	})
}

func TestCorruptOutcomeStopsNoSweep(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{})
		inspector := asynq.NewInspectorFromRedisClient(client)
		for _, impUID := range []string{"imp_1", "imp_2"} {
			b.enqueue(t, tasks.Revocation{ImpUID: impUID})
			if err := inspector.ArchiveTask("receipts", tasks.TaskID(impUID)); err != nil {
				t.Fatal(err)
			}
		}
		client.HSet(t.Context(), "{receipt}:outcome:imp_1", "status", "retrying", "attempts", "many")
		b.start(t)
		if o := b.await(t, "imp_2", terminal); o.Reason != outcome.ReasonCrashed {
			t.Errorf("got %+v, want the other task to get its outcome", o)
		}
		if got := client.HGet(t.Context(), "{receipt}:outcome:imp_1", "attempts").Val(); got != "many" {
			t.Errorf("the corrupt outcome was overwritten: attempts %q", got)
		}
	})
}

func TestArchivedTaskFromBeforeARevivalIsNoCrash(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{})
		b.enqueue(t, tasks.Revocation{ImpUID: one})
		// It must not lead the sweepers: miniredis would keep its lead for ever.
		stop := b.start(t, func(config *worker.Config) { config.Sweep = time.Hour })
		b.await(t, one, terminal) // dead, and archived
		stop()

		if _, err := b.outcomes.Revive(t.Context(), one); err != nil {
			t.Fatal(err)
		}
		b.start(t)
		inspector := asynq.NewInspectorFromRedisClient(client)
		if o := b.await(t, one, terminal); o.Reason != outcome.ReasonNotIssued || o.Attempts != 1 {
			t.Errorf("got %+v, want a fresh attempt", o)
		}
		eventually(t, "one task is archived", func() bool {
			info, err := inspector.GetQueueInfo("receipts")
			return err == nil && info.Archived == 1 && info.Pending == 0
		})
	})
}

// TestOutcomeThatEndedItsLifeIsNotWrittenAgain has a task archived that outlives
// its outcome, and another that shows that sweeps went on.
func TestOutcomeThatEndedItsLifeIsNotWrittenAgain(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	b := newBench(t, client, iamporttest.Config{})
	b.outcomes = outcome.NewStore(client, outcome.Config{TTL: time.Second})
	b.enqueue(t, tasks.Revocation{ImpUID: one})
	b.start(t)
	b.await(t, one, terminal)
	eventually(t, "its life is over", func() bool {
		_, err := b.outcomes.Get(t.Context(), one)
		return errors.Is(err, outcome.ErrNotFound)
	})
	inspector := asynq.NewInspectorFromRedisClient(client)
	if err := inspector.PauseQueue("receipts"); err != nil {
		t.Fatal(err)
	}
	b.enqueue(t, tasks.Revocation{ImpUID: "imp_2"})
	if err := inspector.ArchiveTask("receipts", tasks.TaskID("imp_2")); err != nil {
		t.Fatal(err)
	}
	b.await(t, "imp_2", terminal)
	eventually(t, "the list of dead letters is empty", func() bool {
		n, err := b.outcomes.DeadLetters(t.Context())
		return n == 0 && err == nil
	})
	events := 0
	for event, err := range b.outcomes.Events(t.Context(), "0") {
		if err != nil {
			t.Fatal(err)
		}
		if event.Outcome.ImpUID == one {
			events++
		}
	}
	// Asynq keeps whole seconds: about the end of one it may be written twice.
	if events < 1 || events > 2 {
		t.Errorf("%d events, want one or two", events)
	}
}

func TestOpenImpUIDWithoutATaskGetsOne(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{})
		r := tasks.Revocation{ImpUID: one, PG: tasks.KCP, Batch: "b"}
		b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: tasks.KCP})
		if _, err := b.outcomes.Begin(t.Context(), r, time.Millisecond); err != nil {
			t.Fatal(err)
		}
		b.start(t)
		if o := b.await(t, one, terminal); o.Reason != outcome.ReasonRevoked || o.Attempts != 2 || o.Batch != "b" {
			t.Errorf("got %+v, want it revoked by a second attempt", o)
		}
	})
}

func TestArchiveStaysSmall(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{}) // no receipt was ever issued
		const letters = 520
		for i := range letters {
			b.enqueue(t, tasks.Revocation{ImpUID: fmt.Sprintf("imp_%d", i)})
		}
		b.start(t)
		eventually(t, "520 dead letters, 500 archived tasks", func() bool {
			n, err := b.outcomes.DeadLetters(t.Context())
			return err == nil && n == letters && client.ZCard(t.Context(), "asynq:{receipts}:archived").Val() == 500
		})
	})
}

func TestQueuesAreRegisteredAgainAfterRedisLostThem(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{Latency: iamporttest.Latency{Median: time.Hour}})
		b.enqueue(t, tasks.Revocation{ImpUID: one, PG: tasks.KCP})
		b.start(t)
		eventually(t, "the task is taken off", func() bool {
			return client.LLen(t.Context(), "asynq:{receipts-kcp}:active").Val() > 0
		})
		client.Del(t.Context(), "asynq:queues")
		eventually(t, "the queue is known again", func() bool {
			return client.SIsMember(t.Context(), "asynq:queues", "receipts-kcp").Val()
		})
		b.portone.Close() // lets the call end
	})
}
