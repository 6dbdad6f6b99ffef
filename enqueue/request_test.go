package enqueue_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// before is a hook that does something once, before a task is enqueued, which fails
// if that does.
type before struct {
	do   func() error
	done atomic.Bool
}

func (b *before) DialHook(next redis.DialHook) redis.DialHook { return next }

func (b *before) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (b *before) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if enqueues(cmd) && b.done.CompareAndSwap(false, true) {
			if err := b.do(); err != nil {
				cmd.SetErr(err)
				return err
			}
		}
		return next(ctx, cmd)
	}
}

var asked = tasks.Revocation{ImpUID: one, PG: tasks.KCP}

// revoke asks for asked, and compares what came of it.
func revoke(t *testing.T, client *redis.Client, want enqueue.Result) {
	t.Helper()
	want.Revocation = asked
	got, err := enqueue.NewClient(client, enqueue.Config{}).Revoke(t.Context(), asked)
	if err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
}

var (
	isNew    = enqueue.Result{Status: outcome.Queued}
	isQueued = enqueue.Result{Status: outcome.Queued, Duplicate: true}
)

func TestRequestOutlivesAProducerThatDies(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		const broken = "the connection is broken"
		client.AddHook(&before{do: func() error { return errors.New(broken) }})
		result, err := enqueue.NewClient(client, enqueue.Config{}).Revoke(t.Context(), asked)
		if err == nil || !strings.Contains(err.Error(), broken) || !errors.Is(result.Err, err) {
			t.Errorf("got %+v, %v; want the error", result, err)
		}
		if got := pending(t, client, "receipts-kcp"); got != 0 {
			t.Fatalf("%d tasks wait", got)
		}
		o, err := outcome.NewStore(client, outcome.Config{}).Get(t.Context(), one)
		if err != nil || o.Status != outcome.Queued || o.PG != tasks.KCP {
			t.Errorf("it is %+v, %v; want queued", o, err)
		}
		if open := overdue(t, client); len(open) != 1 || open[0].Revocation != asked {
			t.Errorf("a worker finds %+v, want the request", open)
		}
		revoke(t, client, isQueued) // asked for again, it is enqueued
		if got := pending(t, client, "receipts-kcp"); got != 1 {
			t.Errorf("%d tasks wait, want one", got)
		}
	})
}

func TestListOutlivesAFailure(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		lines := numbered(20)
		client.AddHook(&before{do: func() error { return errors.New("the connection is broken") }})
		c := enqueue.NewClient(client, enqueue.Config{Concurrency: 1})
		var revocations []tasks.Revocation
		for _, line := range lines {
			revocations = append(revocations, single(line))
		}
		failed := 0
		for result := range c.RevokeMany(t.Context(), slices.Values(revocations)) {
			if result.Err != nil {
				failed++
			}
		}
		if got := pending(t, client, "receipts-kcp"); failed != 1 || got != 19 || len(overdue(t, client)) != 20 {
			t.Errorf("%d failed, %d tasks wait; want one, and 19, and all recorded", failed, got)
		}
	})
}

// A task that is finished keeps its ID for as long as Asynq shows it, which may be
// longer than anybody knows what became of it.
func TestFinishedTaskMakesWay(t *testing.T) {
	t.Parallel()
	archive := func(t *testing.T, client *redis.Client) {
		if err := asynq.NewInspectorFromRedisClient(client).ArchiveTask("receipts-kcp", tasks.TaskID(one)); err != nil {
			t.Fatal(err)
		}
	}
	// As Asynq does when a handler has succeeded.
	complete := func(t *testing.T, client *redis.Client) {
		key := "asynq:{receipts-kcp}:"
		client.LRem(t.Context(), key+"pending", 0, tasks.TaskID(one))
		client.HSet(t.Context(), key+"t:"+tasks.TaskID(one), "state", "completed")
		shown := redis.Z{Score: float64(time.Now().Add(time.Hour).Unix()), Member: tasks.TaskID(one)}
		if err := client.ZAdd(t.Context(), key+"completed", shown).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for name, finish := range map[string]func(*testing.T, *redis.Client){"archived": archive, "completed": complete} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				queue := asynq.NewClientFromRedisClient(client)
				task, err := tasks.NewTask(asked)
				if err == nil {
					_, err = queue.EnqueueContext(t.Context(), task) // by a producer that records nothing
				}
				if err != nil {
					t.Fatal(err)
				}
				waits := func(what string) {
					t.Helper()
					info, err := asynq.NewInspectorFromRedisClient(client).GetQueueInfo("receipts-kcp")
					if err != nil || info.Pending != 1 || info.Archived+info.Completed != 0 {
						t.Errorf("%s: the queue is %+v, %v; want one task that waits", what, info, err)
					}
				}
				finish(t, client)
				revoke(t, client, isNew)
				waits("without an outcome")

				finish(t, client)
				revoke(t, client, isQueued)
				waits("asked for before, and never begun")

				end(t, client, one, outcome.Dead)
				finish(t, client)
				revoke(t, client, enqueue.Result{Status: outcome.Dead, Duplicate: true})
				if got := pending(t, client, "receipts-kcp"); got != 0 {
					t.Errorf("%d tasks wait for what has ended", got)
				}

				// The life of the outcome ends, and that of the request with it.
				client.Del(t.Context(), "{receipt}:outcome:"+one, "{receipt}:request:"+one)
				revoke(t, client, isNew)
				waits("after the outcome's life")
			})
		})
	}
}

// Asking again does not let a request live longer than the outcome that answers it:
// it would be queued for ever, and no worker would know of it.
func TestRequestLivesAsLongAsItsOutcome(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		revoke(t, client, isNew)
		end(t, client, one, outcome.Dead)
		const left = time.Hour
		for _, key := range []string{"{receipt}:outcome:", "{receipt}:request:"} {
			client.PExpire(t.Context(), key+one, left)
		}
		for what, ask := range map[string]func(){
			"singly": func() { revoke(t, client, enqueue.Result{Status: outcome.Dead, Duplicate: true}) },
			"in a list": func() {
				if got, err := kinds(t.Context(), t, client, listed(one), enqueue.BatchOptions{}); got != "e" || err != nil {
					t.Errorf("got %s, %v; want e", got, err)
				}
			},
			"with the request lost": func() {
				client.Del(t.Context(), "{receipt}:request:"+one)
				revoke(t, client, enqueue.Result{Status: outcome.Dead, Duplicate: true})
			},
		} {
			ask()
			if ttl := client.PTTL(t.Context(), "{receipt}:request:"+one).Val(); ttl <= 0 || ttl > left {
				t.Errorf("asked for again %s, the request lives %v; want as long as the outcome, %v", what, ttl, left)
			}
		}
	})
}

// What ends between being recorded and being enqueued may leave a task, which finds
// nothing to do; its outcome stays.
func TestEndWhileItIsAskedFor(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		revoke(t, client, isNew)
		client.AddHook(&before{do: func() error {
			end(t, client, one, outcome.Dead)
			return asynq.NewInspectorFromRedisClient(client).DeleteTask("receipts-kcp", tasks.TaskID(one))
		}})
		revoke(t, client, isQueued) // as it was when it was asked for
		store := outcome.NewStore(client, outcome.Config{})
		var terminal *outcome.TerminalError
		_, err := store.Begin(t.Context(), asked, time.Minute)
		if !errors.As(err, &terminal) || terminal.Status != outcome.Dead {
			t.Errorf("the task begins with %v, want that it is dead", err)
		}
		if open := overdue(t, client); len(open) != 0 {
			t.Errorf("%+v is open", open)
		}
	})
}

// Which receipt is meant is recorded with the request, and what asks for another one
// meanwhile is told so.
func TestAnotherReceiptIsToldFromTheFirst(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		c := enqueue.NewClient(client, enqueue.Config{})
		first, other := asked, asked
		first.ApplyNum, other.ApplyNum = "111111111", "222222222"
		if got, err := c.Revoke(t.Context(), first); err != nil || got.Duplicate {
			t.Fatalf("got %+v, %v", got, err)
		}
		if got, err := c.Revoke(t.Context(), other); !errors.Is(err, enqueue.ErrOtherReceipt) {
			t.Errorf("another receipt: got %+v, %v; want ErrOtherReceipt", got, err)
		}
		lines := []enqueue.Line{{Number: 1, ImpUID: one, PG: tasks.KCP, ApplyNum: other.ApplyNum}}
		batch, err := c.Batch(name, enqueue.BatchOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, read := range []func(context.Context, iter.Seq[enqueue.Line]) iter.Seq2[enqueue.LineResult, error]{
			batch.Ask, batch.Ask, batch.Compare,
		} {
			for result, err := range read(t.Context(), slices.Values(lines)) {
				if err != nil || result.Kind != outcome.KindInvalid || !errors.Is(result.Invalid, enqueue.ErrOtherReceipt) {
					t.Errorf("a line: %+v, %v; want that it names another receipt", result, err)
				}
			}
		}
		if b := figures(t, client); b.Invalid != 1 || b.Open != 0 || !b.Finished() {
			t.Errorf("the batch is %+v, want nothing to be done", b)
		}
		end(t, client, one, outcome.Revoked)
		if got, err := c.Revoke(t.Context(), other); err != nil || got.Duplicate {
			t.Errorf("once the first is revoked: got %+v, %v; want a new request", got, err)
		}
		if got := pending(t, client, "receipts-kcp"); got != 1 {
			t.Errorf("%d tasks wait; want one, whose ID the first had", got)
		}
	})
}
