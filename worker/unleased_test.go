package worker_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker"
	"receiptrevoker/worker/iamport"
	"receiptrevoker/worker/iamport/iamporttest"
)

// loseLease leaves a task active without a lease.
func (b *bench) loseLease(t *testing.T, queue, id string) {
	t.Helper()
	b.die(t, queue, id)
	if err := b.client.ZRem(t.Context(), asynqkeys.Key(queue, "lease"), id).Err(); err != nil {
		t.Fatal(err)
	}
}

func TestActiveTasksWithoutALeaseStartWithinTwoSweeps(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{})
		ids := make(map[string]bool)
		var impUIDs []string
		for i := range 3 {
			r := tasks.Revocation{ImpUID: fmt.Sprint("imp_", i), PG: tasks.KCP}
			b.portone.Issue(iamporttest.Receipt{ImpUID: r.ImpUID, PG: r.PG})
			b.enqueueAlone(t, r)
			b.loseLease(t, "receipts-kcp", tasks.TaskID(r.ImpUID))
			ids[tasks.TaskID(r.ImpUID)] = true
			impUIDs = append(impUIDs, r.ImpUID)
		}
		w := b.worker(t)
		for sweep, want := range []map[string]bool{{}, ids} {
			if err := w.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			got := make(map[string]bool)
			for _, id := range client.LRange(t.Context(), "asynq:{receipts-kcp}:pending", 0, -1).Val() {
				got[id] = true
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("pending after %d sweeps (-want +got)\n%s", sweep+1, diff)
			}
		}
		b.start(t)
		for _, impUID := range impUIDs {
			if o := b.await(t, impUID, terminal); o.Status != outcome.Revoked {
				t.Errorf("%s: got %s %s", impUID, o.Status, o.Reason)
			}
		}
	})
}

// A queue that Asynq's list does not name is swept once a request leads to it.
func TestActiveTaskWithoutALeaseOnAQueueThatIsNotNamed(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{})
		b.enqueue(t, tasks.Revocation{ImpUID: one, PG: tasks.KCP})
		b.loseLease(t, "receipts-kcp", tasks.TaskID(one))
		client.SRem(t.Context(), asynqkeys.Registry, "receipts-kcp")
		b.due(t, one, time.Hour)
		w := b.worker(t)
		for range 2 {
			if err := w.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if got := client.LRange(t.Context(), "asynq:{receipts-kcp}:pending", 0, -1).Val(); len(got) != 1 {
			t.Errorf("%d tasks are pending after two sweeps, want 1", len(got))
		}
	})
}

// TestActiveTaskThatIsGone has an active ID of which Redis holds nothing more.
func TestActiveTaskThatIsGone(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{})
		b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: tasks.KCP})
		b.enqueue(t, tasks.Revocation{ImpUID: one, PG: tasks.KCP})
		for _, id := range []string{tasks.TaskID(one), tasks.TaskID("imp_2")} {
			b.loseLease(t, "receipts-kcp", id)
			client.Del(t.Context(), "asynq:{receipts-kcp}:t:"+id)
		}
		b.start(t)
		if o := b.await(t, one, terminal); o.Reason != outcome.ReasonRevoked {
			t.Errorf("got %+v, want its request enqueued again", o)
		}
		eventually(t, "nothing is active", func() bool {
			return client.Exists(t.Context(), "asynq:{receipts-kcp}:active", "asynq:{receipts-kcp}:lease").Val() == 0
		})
		if n, err := b.outcomes.DeadLetters(t.Context()); n != 0 || err != nil {
			t.Errorf("%d dead letters, %v; want none: there was nothing to run", n, err)
		}
	})
}

// TestActiveTaskOfNoListGoesOn has a task as Asynq leaves one whose worker ended it without a
// lease: off the active tasks, and still active by its state.
func TestActiveTaskOfNoListGoesOn(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{})
		b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: tasks.KCP})
		b.enqueue(t, tasks.Revocation{ImpUID: one, PG: tasks.KCP})
		b.loseLease(t, "receipts-kcp", tasks.TaskID(one))
		client.LRem(t.Context(), "asynq:{receipts-kcp}:active", 0, tasks.TaskID(one))
		b.start(t)
		if o := b.await(t, one, terminal); o.Reason != outcome.ReasonRevoked {
			t.Errorf("got %+v, want it revoked", o)
		}
		eventually(t, "nothing is left of the task", func() bool {
			return client.Exists(t.Context(), "asynq:{receipts-kcp}:active", "asynq:{receipts-kcp}:lease",
				"asynq:{receipts-kcp}:t:"+tasks.TaskID(one)).Val() == 0
		})
	})
}

// TestRunningTaskThatLosesItsLeaseIsCalledOnce has sweeps that come before the worker can
// extend the lease, so that a second one takes the task up while the first calls.
func TestRunningTaskThatLosesItsLeaseIsCalledOnce(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		called, answer := make(chan struct{}, 10), make(chan struct{})
		b := newBench(t, client, iamporttest.Config{OnCall: func(call iamporttest.Call) {
			if call.Operation == iamporttest.OpRevoke {
				called <- struct{}{}
				<-answer
			}
		}})
		b.portone.Issue(iamporttest.Receipt{ImpUID: one})
		b.enqueue(t, tasks.Revocation{ImpUID: one})
		b.start(t, func(config *worker.Config) { config.API = b.patientAPI(t) })
		<-called
		if err := client.Del(t.Context(), "asynq:{receipts}:lease").Err(); err != nil {
			t.Fatal(err)
		}
		eventually(t, "it is taken back, and taken up again", func() bool {
			o, err := b.outcomes.Get(t.Context(), one)
			state := client.HGet(t.Context(), "asynq:{receipts}:t:"+tasks.TaskID(one), "state").Val()
			return err == nil && !o.Status.Terminal() && (state == "retry" || state == "scheduled")
		})
		close(answer)
		if o := b.await(t, one, terminal); o.Status != outcome.Revoked || o.Attempts != 1 {
			t.Errorf("got %s %s after %d attempts, want it revoked by the first", o.Status, o.Reason, o.Attempts)
		}
		eventually(t, "nothing is left of the task", func() bool {
			return client.Exists(t.Context(), "asynq:{receipts}:active", "asynq:{receipts}:lease",
				"asynq:{receipts}:t:"+tasks.TaskID(one)).Val() == 0
		})
		if truth, _ := b.portone.Truth(one); truth.Deletes != 1 {
			t.Errorf("%d DELETE calls, want 1", truth.Deletes)
		}
	})
}

// patientAPI returns a client whose calls may take as long as a test.
func (b *bench) patientAPI(t *testing.T) *iamport.Client {
	t.Helper()
	api, err := iamport.NewClient(iamport.Config{URL: b.url, Key: b.key, Secret: b.secret, Timeout: patience})
	if err != nil {
		t.Fatal(err)
	}
	return api
}
