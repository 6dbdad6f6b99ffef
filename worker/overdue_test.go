package worker_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/iamport/iamporttest"
)

// wait begins attempts on revocations that then are due since an hour, while
// their tasks are in a queue that a person has paused.
func (b *bench) wait(t testing.TB, queue string, all ...tasks.Revocation) {
	t.Helper()
	inspector := asynq.NewInspectorFromRedisClient(b.client)
	client := asynq.NewClientFromRedisClient(b.client)
	for _, r := range all {
		task, err := tasks.NewTask(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.EnqueueContext(t.Context(), task, asynq.Queue(queue)); err != nil {
			t.Fatal(err)
		}
		if _, err := b.outcomes.Begin(t.Context(), r, time.Millisecond); err != nil {
			t.Fatal(err)
		}
		b.due(t, r.ImpUID, time.Hour)
	}
	if err := inspector.PauseQueue(queue); err != nil {
		t.Fatal(err)
	}
}

// due lets an imp_uid be due since so long ago.
func (b *bench) due(t testing.TB, impUID string, ago time.Duration) {
	t.Helper()
	due := redis.Z{Score: float64(time.Now().Add(-ago).UnixMilli()), Member: impUID}
	if err := b.client.ZAdd(t.Context(), "{receipt}:open", due).Err(); err != nil {
		t.Fatal(err)
	}
}

// TestNothingIsOverdueAfterASweep has more waiting than two pages.
func TestNothingIsOverdueAfterASweep(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{})
		const waiting = 1_100
		all := make([]tasks.Revocation, waiting)
		for i := range all {
			all[i] = tasks.Revocation{ImpUID: fmt.Sprintf("imp_%d", i), PG: tasks.KCP}
		}
		b.wait(t, "receipts-kcp", all...)
		if err := b.worker(t).Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		o, err := b.outcomes.Overview(t.Context(), time.Minute)
		if err != nil || o.Open != waiting || o.Overdue != 0 {
			t.Errorf("got %+v, %v; want all open and none overdue", o, err)
		}
	})
}

// TestTaskIsFoundOnWhateverQueueItIs has tasks where their producer put them,
// on queues that a person has paused: a second task elsewhere would pass by the
// pause.
func TestTaskIsFoundOnWhateverQueueItIs(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{})
		for queue, r := range map[string]tasks.Revocation{
			"receipts-kcp":     {ImpUID: "imp_1", PG: tasks.KCP, Batch: "b"},
			"receipts-bulk":    {ImpUID: "imp_2"},
			"receipts-toss":    {ImpUID: "imp_3", PG: "toss", Batch: "b"},
			"receipts-newpay":  {ImpUID: "imp_4", PG: "newpay"},
			"receipts-bulk-gp": {ImpUID: "imp_5", PG: "gp"},
		} {
			b.wait(t, queue, r)
		}
		if err := b.worker(t).Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		queues := client.SMembers(t.Context(), "asynq:queues").Val()
		for _, queue := range queues {
			if n := client.LLen(t.Context(), "asynq:{"+queue+"}:pending").Val(); n > 1 {
				t.Errorf("%s has %d tasks", queue, n)
			}
		}
		if len(queues) != 5 {
			t.Errorf("the queues are %q: a second task is on another", queues)
		}
	})
}

// TestOneTroubledImpUIDHoldsUpNoOther has what is due longest in a place that
// cannot be read.
func TestOneTroubledImpUIDHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{})
		b.portone.Issue(iamporttest.Receipt{ImpUID: one})
		for i, impUID := range []string{"imp_bad", one} {
			if _, err := b.outcomes.Begin(t.Context(), tasks.Revocation{ImpUID: impUID}, time.Millisecond); err != nil {
				t.Fatal(err)
			}
			b.due(t, impUID, time.Duration(10-i)*time.Hour)
		}
		client.Set(t.Context(), "asynq:{receipts}:t:"+tasks.TaskID("imp_bad"), "no hash", 0)
		client.SAdd(t.Context(), "asynq:queues", "receipts")
		b.start(t)
		if o := b.await(t, one, terminal); o.Reason != outcome.ReasonRevoked {
			t.Errorf("got %+v, want it revoked", o)
		}
		eventually(t, "nothing is overdue", func() bool {
			open, _, err := b.outcomes.Overdue(t.Context(), 0, 10)
			return err == nil && !slices.ContainsFunc(open, func(o outcome.Open) bool { return o.ImpUID == "imp_bad" })
		})
	})
}

// afterReading does something once, as soon as a Redis has told that one is overdue.
type afterReading struct{ do func() }

func (a *afterReading) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		read, ok := cmd.(*redis.Cmd)
		if !ok || a.do == nil {
			return err
		}
		if told, _ := read.StringSlice(); slices.Contains(told, one) {
			do := a.do
			a.do = nil
			do()
		}
		return err
	}
}

func (*afterReading) DialHook(next redis.DialHook) redis.DialHook { return next }
func (*afterReading) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// TestWhatEndsWhileASweepLooksNeedsNoTask has the attempt of a request that is overdue end between two
// commands of the sweep, of which the second does not find its task any more.
func TestWhatEndsWhileASweepLooksNeedsNoTask(t *testing.T) {
	t.Parallel()
	for name, ends := range map[string]bool{"it has ended": true, "its task is lost": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				b := newBench(t, client, iamporttest.Config{})
				r := tasks.Revocation{ImpUID: one, PG: tasks.KCP}
				attempt, err := b.outcomes.Begin(t.Context(), r, time.Minute)
				if err != nil {
					t.Fatal(err)
				}
				b.due(t, one, time.Hour)
				read := false
				client.AddHook(&afterReading{do: func() {
					if read = true; ends {
						revoked := outcome.Outcome{Status: outcome.Revoked, Reason: outcome.ReasonRevoked}
						_, err = b.outcomes.Finish(t.Context(), attempt, revoked)
					}
				}})
				if err := b.worker(t).Sweep(t.Context()); err != nil {
					t.Fatal(err)
				}
				tasks := client.LLen(t.Context(), "asynq:{receipts-kcp}:pending").Val()
				if err != nil || !read || (tasks == 0) != ends {
					t.Errorf("%v, read: %t, it has %d tasks", err, read, tasks)
				}
			})
		})
	}
}

// BenchmarkSweepOfWaiting sweeps 100,000 imp_uids whose tasks wait in a queue
// that a person has paused.
func BenchmarkSweepOfWaiting(t *testing.B) {
	const waiting = 100_000
	client := redistest.Start(t).Client(t)
	b := newBench(t, client, iamporttest.Config{})
	all := make([]tasks.Revocation, waiting)
	for i := range all {
		all[i] = tasks.Revocation{ImpUID: fmt.Sprintf("imp_%012d", i), PG: tasks.KCP}
	}
	b.wait(t, "receipts-kcp", all...)
	w := b.worker(t)
	var busy time.Duration
	for t.Loop() {
		t.StopTimer()
		for _, r := range all {
			b.due(t, r.ImpUID, time.Hour)
		}
		busy -= redistest.CPU(t, client)
		t.StartTimer()
		if err := w.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.StopTimer()
		busy += redistest.CPU(t, client)
		if o, err := b.outcomes.Overview(t.Context(), time.Minute); err != nil || o.Overdue != 0 {
			t.Fatalf("%d still overdue, %v", o.Overdue, err)
		}
		t.StartTimer()
	}
	t.ReportMetric(busy.Seconds()/float64(t.N), "redis-s/op")
}
