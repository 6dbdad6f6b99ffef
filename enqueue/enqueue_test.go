package enqueue_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

const one = "imp_448280090638"

// end gives an imp_uid a terminal outcome, as a worker would.
func end(t *testing.T, client redis.UniversalClient, impUID string, status outcome.Status) {
	t.Helper()
	store := outcome.NewStore(client, outcome.Config{})
	attempt, err := store.Begin(t.Context(), tasks.Revocation{ImpUID: impUID}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	o := outcome.Outcome{Status: status, Reason: outcome.ReasonRevoked}
	if status == outcome.Dead {
		o.Reason = outcome.ReasonRefused
	}
	if _, err := store.Finish(t.Context(), attempt, o); err != nil {
		t.Fatal(err)
	}
}

func TestAskingTwiceIsAskingOnce(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		c := enqueue.NewClient(client, enqueue.Config{})
		r := tasks.Revocation{ImpUID: one, PG: tasks.KCP}
		want := enqueue.Result{Revocation: r, Status: outcome.Queued}
		for _, duplicate := range []bool{false, true, true} {
			want.Duplicate = duplicate
			got, err := c.Revoke(t.Context(), r)
			if err != nil || got != want {
				t.Errorf("got %+v, %v; want %+v", got, err, want)
			}
		}
		inspector := asynq.NewInspectorFromRedisClient(client)
		info, err := inspector.GetQueueInfo("receipts-kcp")
		if err != nil || info.Pending != 1 {
			t.Fatalf("queue holds %+v, %v; want one task", info, err)
		}
		// When the task is gone the outcome still answers.
		end(t, client, one, outcome.Revoked)
		if err := inspector.DeleteTask("receipts-kcp", tasks.TaskID(one)); err != nil {
			t.Fatal(err)
		}
		want.Status = outcome.Revoked
		if got, err := c.Revoke(t.Context(), r); err != nil || got != want {
			t.Errorf("got %+v, %v; want %+v", got, err, want)
		}
		if info, err := inspector.GetQueueInfo("receipts-kcp"); err != nil || info.Size != 0 {
			t.Errorf("queue holds %+v, %v; want nothing", info, err)
		}
	})
}

func TestTaskBearsWhatTheWorkerNeeds(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	for retention, want := range map[time.Duration]time.Duration{0: time.Hour, time.Millisecond: time.Second, -1: 0} {
		impUID := fmt.Sprintf("imp_%d", int64(want))
		c := enqueue.NewClient(client, enqueue.Config{Retention: retention})
		if _, err := c.Revoke(t.Context(), tasks.Revocation{ImpUID: impUID}); err != nil {
			t.Fatal(err)
		}
		task, err := asynq.NewInspectorFromRedisClient(client).GetTaskInfo("receipts", "revoke:"+impUID)
		if err != nil {
			t.Fatal(err)
		}
		if task.Type != "receipt:revoke" || task.MaxRetry < 100_000 || task.Timeout < 10*time.Minute ||
			task.Retention != want {
			t.Errorf("retention %v: got %+v", retention, task)
		}
	}
}

func TestInvalidImpUIDIsNotEnqueued(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	result, err := enqueue.NewClient(client, enqueue.Config{}).Revoke(t.Context(), tasks.Revocation{ImpUID: "external/x"})
	if !errors.Is(err, tasks.ErrInvalid) || !errors.Is(result.Err, tasks.ErrInvalid) {
		t.Errorf("got %+v, %v; want ErrInvalid", result, err)
	}
	if keys := client.Keys(t.Context(), "*").Val(); len(keys) != 0 {
		t.Errorf("Redis holds %q", keys)
	}
}

func TestOutcomeTellsQueuedFromUnknown(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		c := enqueue.NewClient(client, enqueue.Config{})
		if o, err := c.Outcome(t.Context(), one); !errors.Is(err, outcome.ErrNotFound) {
			t.Errorf("nobody asked: got %+v, %v", o, err)
		}
		if _, err := c.Revoke(t.Context(), tasks.Revocation{ImpUID: one, PG: tasks.Daou, Batch: "b"}); err != nil {
			t.Fatal(err)
		}
		want := outcome.Outcome{ImpUID: one, PG: tasks.Daou, Status: outcome.Queued}
		o, err := c.Outcome(t.Context(), one)
		if diff := cmp.Diff(want, o); err != nil || diff != "" {
			t.Errorf("asked: %v (-want +got):\n%s", err, diff)
		}
		end(t, client, one, outcome.Dead)
		if o, err := c.Outcome(t.Context(), one); err != nil || o.Status != outcome.Dead {
			t.Errorf("ended: got %+v, %v", o, err)
		}
	})
}

func TestWaitReturnsTheOutcome(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		c := enqueue.NewClient(client, enqueue.Config{})
		end(t, client, one, outcome.Revoked)
		if o, err := c.Wait(t.Context(), one); err != nil || o.Status != outcome.Revoked {
			t.Errorf("got %+v, %v", o, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		if _, err := c.Wait(ctx, "imp_1"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the deadline", err)
		}
	})
}

func TestManyAreAllAnswered(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		c := enqueue.NewClient(client, enqueue.Config{})
		var list []tasks.Revocation
		for i := range 300 {
			list = append(list, tasks.Revocation{ImpUID: fmt.Sprintf("imp_%d", i%270)})
		}
		list = append(list, tasks.Revocation{ImpUID: "not valid"})
		var queued, duplicate, invalid int
		for result := range c.RevokeMany(t.Context(), slices.Values(list)) {
			switch {
			case errors.Is(result.Err, tasks.ErrInvalid):
				invalid++
			case result.Err != nil:
				t.Error(result.Err)
			case result.Duplicate:
				duplicate++
			default:
				queued++
			}
		}
		if queued != 270 || duplicate != 30 || invalid != 1 {
			t.Errorf("%d queued, %d duplicate, %d invalid; want 270, 30, 1", queued, duplicate, invalid)
		}
		for range c.RevokeMany(t.Context(), slices.Values(list)) {
			break // leaves nothing running
		}
	})
}

func TestWaitManyYieldsEachOnce(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		c := enqueue.NewClient(client, enqueue.Config{})
		var awaited []string
		for i := range 600 {
			awaited = append(awaited, fmt.Sprintf("imp_%d", i))
		}
		for _, impUID := range awaited[:300] { // ended before anybody waits
			end(t, client, impUID, outcome.Dead)
		}
		seen := make(map[string]outcome.Status)
		for o, err := range c.WaitMany(t.Context(), awaited) {
			if err != nil {
				t.Fatal(err)
			}
			if _, twice := seen[o.ImpUID]; twice {
				t.Errorf("%s came twice", o.ImpUID)
			}
			if seen[o.ImpUID] = o.Status; len(seen) >= 300 && len(seen) < 600 {
				end(t, client, awaited[len(seen)], outcome.Revoked)
			}
		}
		if len(seen) != 600 || seen["imp_0"] != outcome.Dead || seen["imp_599"] != outcome.Revoked {
			t.Errorf("%d outcomes, %s first, %s last", len(seen), seen["imp_0"], seen["imp_599"])
		}
	})
}

func TestWaitManyDoesWithoutTheStream(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		c := enqueue.NewClient(client, enqueue.Config{})
		end(t, client, "imp_1", outcome.Revoked)
		seen := 0
		for o, err := range c.WaitMany(t.Context(), []string{"imp_1", "imp_2"}) {
			if err != nil {
				t.Fatal(err)
			}
			if seen++; o.ImpUID == "imp_1" {
				end(t, client, "imp_2", outcome.Revoked)
				client.Del(t.Context(), "{receipt}:outcomes") // trimmed, or lost
			}
		}
		if seen != 2 {
			t.Errorf("%d outcomes, want 2", seen)
		}
	})
}

// What is kept of one imp_uid and cannot be read holds nobody else up.
func TestWaitManyPassesOverWhatItCannotRead(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		c := enqueue.NewClient(client, enqueue.Config{})
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		for _, impUID := range []string{"imp_1", "imp_2", "imp_4"} {
			end(t, client, impUID, outcome.Revoked)
		}
		client.HSet(ctx, "{receipt}:outcome:imp_2", "attempts", "many")
		client.Set(ctx, "{receipt}:outcome:imp_3", "no hash", 0)
		got := make(map[string]int)
		for o, err := range c.WaitMany(ctx, []string{"imp_1", "imp_2", "imp_3", "imp_4", "imp_5"}) {
			var corrupt *outcome.CorruptError
			switch {
			case errors.As(err, &corrupt):
				got[corrupt.ImpUID+" unreadable"]++
			case err != nil:
				t.Fatal(err)
			default:
				got[o.ImpUID+" "+string(o.Status)]++
			}
			if len(got) == 4 {
				end(t, client, "imp_5", outcome.Dead)
			}
		}
		want := map[string]int{
			"imp_1 revoked": 1, "imp_2 unreadable": 1, "imp_3 unreadable": 1, "imp_4 revoked": 1, "imp_5 dead": 1,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
