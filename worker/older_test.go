package worker_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/worker"
	"receiptrevoker/worker/iamport/iamporttest"
)

// A worker says once that an older one runs, and once that it is gone; of others of its
// own version, and of itself, it says nothing.
func TestOlderWorkerIsTold(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		var log lines
		b := newBench(t, client, iamporttest.Config{})
		b.start(t, func(config *worker.Config) { config.Log = slog.New(slog.NewTextHandler(&log, nil)) })
		b.start(t)
		eventually(t, "it serves", func() bool { return client.ZCard(t.Context(), "asynq:servers").Val() == 2 })
		server := asynq.NewServerFromRedisClient(client, asynq.Config{
			Queues: map[string]int{"receipts": 9, "receipts-bulk": 1}, LogLevel: asynq.FatalLevel,
		})
		older, err := asynqkeys.NewWorkers(client, "").Older(t.Context())
		if err != nil || len(older) > 0 {
			t.Errorf("before: got %v, %v", older, err)
		}
		if err := server.Start(asynq.HandlerFunc(func(context.Context, *asynq.Task) error { return nil })); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(server.Shutdown)
		eventually(t, "the worker tells of it", func() bool { return log.count("older workers run") > 0 })
		time.Sleep(4 * time.Second) // it looks again
		server.Shutdown()
		eventually(t, "the worker tells that it is gone", func() bool { return log.count("older workers are gone") > 0 })
		name := fmt.Sprintf(":%d (protocol 1 of 2)", os.Getpid())
		if log.count("older workers run") != 1 || log.count("older workers are gone") != 1 || log.count(name) != 2 {
			t.Errorf("want each told once, with %s:\n%s", name, &log.text)
		}
	})
}
