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

// bareMode is the way in which a child works with the bare handler.
type bareMode string

const (
	notBare         bareMode = ""            // with the worker
	bareGateway     bareMode = "gateway"     // on the queues of one gateway, as the worker's own server for it does
	bareDefault     bareMode = "default"     // on many gateways, with Asynq's own retry schedule
	bareExponential bareMode = "exponential" // on many gateways, with retries after 1 s, doubling, up to half an hour
)

// serveBare runs one Asynq server with what the worker gives to its own, and the
// bare handler. That server keeps no outcomes, so that it does nothing that Asynq
// and net/http do not do for everybody.
func serveBare(ctx context.Context, j job, client redis.UniversalClient) error {
	config := bareConfig(j)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = config.Concurrency, config.Concurrency
	server := asynq.NewServerFromRedisClient(client, config)
	handler := &bare{url: j.URL, token: j.Token, client: &http.Client{Transport: transport}}
	if err := server.Start(handler); err != nil {
		return err
	}
	<-ctx.Done()
	server.Shutdown()
	return nil
}

// bareConfig returns the settings of the server. On many gateways it has as many
// slots as the worker has for all of them.
func bareConfig(j job) asynq.Config {
	config := asynq.Config{
		TaskCheckInterval: worker.DefaultPoll * 2 / 3, DelayedTaskCheckInterval: 500 * time.Millisecond, LogLevel: asynq.WarnLevel,
	}
	if j.Bare == bareGateway {
		config.Queues = map[string]int{tasks.Queue{PG: gateway}.Name(): 9, tasks.Queue{PG: gateway, Bulk: true}.Name(): 1}
		config.Concurrency = j.Slots
		return config
	}
	config.Queues = map[string]int{tasks.Queue{PG: outageDown}.Name(): 1}
	for _, pg := range outageOthers {
		config.Queues[tasks.Queue{PG: pg}.Name()] = 1
	}
	config.Concurrency = j.Slots * len(config.Queues)
	config.LogLevel = asynq.ErrorLevel // each failed attempt is a warning
	if j.Bare == bareExponential {
		config.RetryDelayFunc = func(retried int, _ error, _ *asynq.Task) time.Duration {
			return min(time.Second<<min(retried, 20), 30*time.Minute)
		}
	}
	return config
}
