package worker_test

import (
	"errors"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/redistest"
	"receiptrevoker/worker"
	"receiptrevoker/worker/iamport/iamporttest"
)

func TestSettlementOfArchivedTasks(t *testing.T) {
	t.Parallel()
	const limit = 4
	at := time.Unix(1_800_000_000, 0)
	failed := asynq.TaskInfo{MaxRetry: 25, Retried: 25, LastFailedAt: at}
	begun := func(attempts int) outcome.Outcome {
		return outcome.Outcome{Status: outcome.Retrying, Attempts: attempts, UpdatedAt: at}
	}
	none := &outcome.CorruptError{ImpUID: one, Err: outcome.ErrNotFound}
	for name, test := range map[string]struct {
		task worker.Archived
		want worker.Settlement
	}{
		"revoked": {worker.Archived{Known: outcome.Outcome{Status: outcome.Revoked}}, worker.SettledEnded},
		"dead":    {worker.Archived{Known: outcome.Outcome{Status: outcome.Dead}}, worker.SettledEnded},
		"dead, and invalid": {
			worker.Archived{Known: outcome.Outcome{Status: outcome.Dead}, Invalid: tasks.ErrInvalid}, worker.SettledEnded,
		},
		"a worker had it archived, and its outcome is gone": {
			worker.Archived{Task: asynq.TaskInfo{LastErr: "not_issued: " + asynq.SkipRetry.Error()}, Unknown: none},
			worker.SettledEnded,
		},
		"its outcome is corrupt": {
			worker.Archived{Task: failed, Unknown: &outcome.CorruptError{Err: errors.New("attempts: many")}},
			worker.SettledUnclear,
		},
		"never begun, and invalid": {worker.Archived{Unknown: none, Invalid: tasks.ErrInvalid}, worker.SettledHopeless},
		"retries used up, attempts not": {
			worker.Archived{Task: failed, Known: begun(limit - 1)}, worker.SettledEarly,
		},
		"no retries allowed, never begun": {
			worker.Archived{Task: asynq.TaskInfo{LastFailedAt: at}, Unknown: none}, worker.SettledEarly,
		},
		"retries used up, and attempts": {worker.Archived{Task: failed, Known: begun(limit)}, worker.SettledStopped},
		"retries used up, and more attempts": {
			worker.Archived{Task: failed, Known: begun(limit + 1)}, worker.SettledStopped,
		},
		"retries used up, invalid": {
			worker.Archived{Task: failed, Unknown: none, Invalid: tasks.ErrInvalid}, worker.SettledHopeless,
		},
		"archived by a person, never begun": {worker.Archived{Unknown: none}, worker.SettledStopped},
		"archived by a person, no retries":  {worker.Archived{Known: begun(0)}, worker.SettledStopped},
		"archived by a person, whichever queue of its gateway": {
			worker.Archived{
				Task:  asynq.TaskInfo{Queue: "receipts-bulk-kcp"},
				Known: outcome.Outcome{Status: outcome.Queued, PG: tasks.KCP},
			},
			worker.SettledStopped,
		},
		"archived by a person, and requested anew of another gateway": {
			worker.Archived{
				Task:  asynq.TaskInfo{Queue: "receipts-kcp"},
				Known: outcome.Outcome{Status: outcome.Queued, PG: tasks.Nice},
			},
			worker.SettledEnded,
		},
		"archived by a person, between": {
			worker.Archived{Task: asynq.TaskInfo{MaxRetry: 25, Retried: 3, LastFailedAt: at}, Known: begun(3)},
			worker.SettledStopped,
		},
		"archived by a person, before the last retry": {
			worker.Archived{
				Task:  asynq.TaskInfo{MaxRetry: 3, Retried: 3, LastFailedAt: at.Add(-time.Minute)},
				Known: outcome.Outcome{Status: outcome.Retrying, Attempts: 3, UpdatedAt: at.Add(-time.Minute)},
			},
			worker.SettledStopped,
		},
		"archived by a person, attempted since then": {
			worker.Archived{Known: outcome.Outcome{Status: outcome.Retrying, UpdatedAt: at.Add(6 * time.Second)}},
			worker.SettledStopped,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.task.At = at
			if got := test.task.Settlement(limit); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}

func TestProducerThatAllowsFewRetriesGetsAllAttempts(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, client *redis.Client) {
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
	redistest.Both(t, func(t *testing.T, client *redis.Client) {
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

// TestSettledTaskLeavesNothing has a task of a producer that uses Asynq's
// Unique, which holds a lock.
func TestSettledTaskLeavesNothing(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, client *redis.Client) {
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
