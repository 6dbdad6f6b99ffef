package enqueue_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
)

// serve starts a server that takes nothing: its queues are paused.
func serve(t *testing.T, client redis.UniversalClient, queues map[string]int) (stop func()) {
	t.Helper()
	inspector := asynq.NewInspectorFromRedisClient(client)
	for queue := range queues {
		client.SAdd(t.Context(), asynqkeys.Registry, queue)
		if err := inspector.PauseQueue(queue); err != nil {
			t.Fatal(err)
		}
	}
	server := asynq.NewServerFromRedisClient(client, asynq.Config{Queues: queues, LogLevel: asynq.FatalLevel})
	if err := server.Start(asynq.HandlerFunc(func(context.Context, *asynq.Task) error { return nil })); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	redistest.Eventually(t, 5*time.Second, "the server registers", func() bool {
		workers, err := asynqkeys.NewWorkers(client, "").List(t.Context())
		return err == nil && len(workers) > 0
	})
	return server.Shutdown
}

var older = map[string]int{"receipts": 9, "receipts-bulk": 1}

// While a worker lives that would revoke any receipt, none is requested by its number,
// nor the one that exists now; nothing is recorded. Plain requests go on.
func TestOlderWorkerLetsNoReceiptBeNamed(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		ctx := t.Context()
		stop := serve(t, client, older)
		queue := enqueue.NewClient(client, enqueue.Config{})
		refused := []tasks.Revocation{
			{ImpUID: "imp_1", PG: tasks.KCP, ApplyNum: "123"}, {ImpUID: "imp_2", PG: tasks.KCP, Again: true},
		}
		for _, r := range refused {
			result, err := queue.Revoke(ctx, r)
			if !errors.Is(err, enqueue.ErrOlderWorker) || !errors.Is(result.Err, enqueue.ErrOlderWorker) {
				t.Errorf("%+v: got %+v, %v", r, result, err)
			}
			if text := err.Error(); !strings.Contains(text, r.ImpUID) || !strings.Contains(text, "(protocol 1 of 2)") {
				t.Errorf("the error does not say whose: %s", text)
			}
		}
		for result := range queue.RevokeMany(ctx, slices.Values(refused)) {
			if !errors.Is(result.Err, enqueue.ErrOlderWorker) {
				t.Errorf("of many: got %+v", result)
			}
		}
		if n := client.Exists(ctx, "{receipt}:request:imp_1", "{receipt}:request:imp_2", "{receipt}:open").Val(); n > 0 {
			t.Errorf("%d keys of requests", n)
		}
		if _, err := queue.Revoke(ctx, tasks.Revocation{ImpUID: "imp_3", PG: tasks.KCP}); err != nil {
			t.Errorf("a plain request: %v", err)
		}
		stop()
		redistest.Eventually(t, 5*time.Second, "they are taken once it is shut down", func() bool {
			_, err := queue.Revoke(ctx, refused[0])
			return err == nil
		})
		if _, err := queue.Revoke(ctx, refused[1]); err != nil {
			t.Error(err)
		}
	})
}

// A list that names its receipts is refused at once, and goes on where it stopped.
func TestOlderWorkerStopsAListThatNamesReceipts(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		stop := serve(t, client, older)
		lines := numbered(1500)
		if asked, err := kinds(t.Context(), t, client, lines[:3], enqueue.BatchOptions{}); err != nil || asked != "qqq" {
			t.Fatalf("a plain list: got %s, %v", asked, err)
		}
		client.FlushAll(t.Context())
		stop()
		stop = serve(t, client, older)
		lines[1200].ApplyNum = "123"
		began := time.Now()
		asked, err := kinds(t.Context(), t, client, lines, enqueue.BatchOptions{})
		if !errors.Is(err, enqueue.ErrOlderWorker) || len(asked) != 1000 || time.Since(began) > 20*time.Second {
			t.Errorf("after %v: got %d lines, %v", time.Since(began), len(asked), err)
		}
		stop()
		if asked, err := kinds(t.Context(), t, client, lines, enqueue.BatchOptions{}); err != nil || len(asked) != 1500 {
			t.Errorf("afterwards: got %d lines, %v", len(asked), err)
		}
		if got := figures(t, client); got.Asked() != 1500 {
			t.Errorf("got %+v", got)
		}
	})
}

// A worker of this version is none, from the moment at which it starts.
func TestCurrentWorkerLetsReceiptsBeNamed(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		serve(t, client, asynqkeys.Weights("", tasks.KCP))
		r := tasks.Revocation{ImpUID: "imp_1", PG: tasks.KCP, ApplyNum: "123"}
		if _, err := enqueue.NewClient(client, enqueue.Config{}).Revoke(t.Context(), r); err != nil {
			t.Error(err)
		}
	})
}
