package worker_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/iamport/iamporttest"
)

// askThree asks for three receipts that exist, long enough ago for a sweep to look at them.
func (b *bench) askThree(t *testing.T) (impUIDs []string) {
	t.Helper()
	for i := range 3 {
		r := tasks.Revocation{ImpUID: fmt.Sprint("imp_", i), PG: tasks.KCP}
		b.portone.Issue(iamporttest.Receipt{ImpUID: r.ImpUID, PG: r.PG})
		b.enqueue(t, r)
		b.due(t, r.ImpUID, time.Hour)
		impUIDs = append(impUIDs, r.ImpUID)
	}
	return impUIDs
}

// awaitRevoked starts a worker, and waits until all are revoked.
func (b *bench) awaitRevoked(t *testing.T, impUIDs []string) {
	t.Helper()
	b.start(t)
	for _, impUID := range impUIDs {
		if o := b.await(t, impUID, terminal); o.Status != outcome.Revoked {
			t.Errorf("%s: got %s %s", impUID, o.Status, o.Reason)
		}
	}
}

// Redis may lose the line of a queue and keep its tasks.
func TestTasksThatTheirQueueLostArePutBackInLine(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{})
		impUIDs, line := b.askThree(t), asynqkeys.Key("receipts-kcp", "pending")
		if err := client.Del(t.Context(), line).Err(); err != nil {
			t.Fatal(err)
		}
		w := b.worker(t)
		for sweep := range 2 { // once they are in line, they are left there
			if err := w.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			for _, impUID := range impUIDs {
				b.due(t, impUID, time.Hour)
			}
			if got := client.LLen(t.Context(), line).Val(); got != 3 {
				t.Errorf("%d tasks in line after %d sweeps, want 3", got, sweep+1)
			}
		}
		b.awaitRevoked(t, impUIDs)
	})
}

// Tasks of a line that is not empty are taken to be in it: to look for each would take as long as the line is.
func TestTasksInLineAreLeftThere(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{})
		b.askThree(t)
		if err := b.worker(t).Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := client.LLen(t.Context(), asynqkeys.Key("receipts-kcp", "pending")).Val(); got != 3 {
			t.Errorf("%d tasks in line, want 3", got)
		}
	})
}

// What a person moves to the active tasks keeps its state.
func TestPendingTasksAmongTheActiveOnesArePutBackInLine(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{})
		impUIDs, line := b.askThree(t), asynqkeys.Key("receipts-kcp", "pending")
		for range impUIDs {
			if err := client.LMove(t.Context(), line, asynqkeys.Key("receipts-kcp", "active"), "right", "left").Err(); err != nil {
				t.Fatal(err)
			}
		}
		w := b.worker(t)
		for range 2 {
			if err := w.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if got := client.LLen(t.Context(), line).Val(); got != 3 {
			t.Errorf("%d tasks in line after two sweeps, want 3", got)
		}
		b.awaitRevoked(t, impUIDs)
	})
}
