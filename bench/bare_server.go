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
	bareLookups     bareMode = "lookups"     // on many gateways, with the worker's slots, schedule and lookups
)

// serveBare runs Asynq servers with what the worker gives to its own, and the
// bare handler. They keep no outcomes, so that they do nothing that Asynq and
// net/http do not do for everybody.
func serveBare(ctx context.Context, j job, client redis.UniversalClient) error {
	configs := bareConfigs(j)
	slots := 0
	for _, config := range configs {
		slots += config.Concurrency
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = slots, slots
	var handler asynq.Handler
	b := bare{url: j.URL, token: j.Token, client: &http.Client{Transport: transport}}
	if handler = &b; j.Bare == bareLookups {
		handler = &bareWithLookups{b, j.Schedule.Attempts}
	}
	for _, config := range configs {
		server := asynq.NewServerFromRedisClient(client, config)
		if err := server.Start(handler); err != nil {
			return err
		}
		defer server.Shutdown()
	}
	<-ctx.Done()
	return nil
}

// bareConfigs returns the settings of each server. One server for many gateways
// has as many slots as the worker has for all of them.
func bareConfigs(j job) []asynq.Config {
	config := asynq.Config{
		TaskCheckInterval: worker.DefaultPoll * 2 / 3, DelayedTaskCheckInterval: 500 * time.Millisecond, LogLevel: asynq.WarnLevel,
	}
	if j.Bare == bareGateway {
		return []asynq.Config{onGateway(config, gateway, j.Slots)}
	}
	config.LogLevel = asynq.ErrorLevel // each failed attempt is a warning
	gateways := append([]tasks.Gateway{outageDown}, outageOthers...)
	if j.Bare == bareLookups {
		config.RetryDelayFunc = func(retried int, _ error, _ *asynq.Task) time.Duration {
			return j.Schedule.Delay(retried + 1)
		}
		var configs []asynq.Config
		for _, pg := range gateways {
			configs = append(configs, onGateway(config, pg, j.Slots))
		}
		return configs
	}
	config.Queues = make(map[string]int)
	for _, pg := range gateways {
		config.Queues[tasks.Queue{PG: pg}.Name()] = 1
	}
	config.Concurrency = j.Slots * len(config.Queues)
	if j.Bare == bareExponential {
		config.RetryDelayFunc = func(retried int, _ error, _ *asynq.Task) time.Duration {
			return min(time.Second<<min(retried, 20), 30*time.Minute)
		}
	}
	return []asynq.Config{config}
}

// onGateway returns config for a server of one gateway, like the worker's own.
func onGateway(config asynq.Config, pg tasks.Gateway, slots int) asynq.Config {
	config.Queues = map[string]int{tasks.Queue{PG: pg}.Name(): 9, tasks.Queue{PG: pg, Bulk: true}.Name(): 1}
	config.Concurrency = slots
	return config
}
