package main

import (
	"context"
	"net/http"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
	"receiptrevoker/worker"
)

// The retry schedules of the bare worker.
const (
	bareDefault     = "default"     // Asynq's own
	bareExponential = "exponential" // 1 s, doubling, up to half an hour
)

// serveBareOutage runs one Asynq server for all gateways, with as many slots as
// the worker has for all of them and the bare handler.
func serveBareOutage(ctx context.Context, j job, client redis.UniversalClient) error {
	queues := map[string]int{tasks.Queue{PG: outageDown}.Name(): 1}
	for _, pg := range outageOthers {
		queues[tasks.Queue{PG: pg}.Name()] = 1
	}
	slots := j.Slots * len(queues)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = slots, slots
	config := asynq.Config{
		Concurrency: slots, Queues: queues, TaskCheckInterval: worker.DefaultPoll,
		DelayedTaskCheckInterval: 500 * time.Millisecond, LogLevel: asynq.ErrorLevel,
	}
	if j.Outage == bareExponential {
		config.RetryDelayFunc = func(retried int, _ error, _ *asynq.Task) time.Duration {
			return min(time.Second<<min(retried, 20), 30*time.Minute)
		}
	}
	server := asynq.NewServerFromRedisClient(client, config)
	handler := &bare{url: j.URL, token: j.Token, client: &http.Client{Transport: transport}}
	if err := server.Start(handler); err != nil {
		return err
	}
	<-ctx.Done()
	server.Shutdown()
	return nil
}
