package contender

import (
	"context"
	"net/http"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
	"receiptrevoker/worker"
)

// Kind is who works.
type Kind string

// The kinds of contenders. All but the first are Asynq's own servers with a bare handler.
const (
	// Revoker is the worker.
	Revoker Kind = ""
	// BareEach shows what the worker costs beyond Asynq. It writes an outcome of one HSET.
	BareEach Kind = "bare, a server for each gateway"
	// BareLookups is the rival where receipts fail.
	BareLookups Kind = "bare, a server for each gateway, with the worker's schedule and lookups"
	// BareDefault is what most services begin with.
	BareDefault Kind = "bare, one server, Asynq's own retry schedule"
	// BareExponential is what a service has that thought of outages.
	BareExponential Kind = "bare, one server, retries after 1 s, doubling, up to half an hour"
)

// Bare reports whether it is one of Asynq's own servers with a bare handler.
func (k Kind) Bare() bool { return k != Revoker }

// serveBare runs Asynq servers with what the worker gives to its own, and the bare handler. Where they
// keep no outcomes they do nothing but what Asynq and net/http do.
func serveBare(ctx context.Context, j Job, client redis.UniversalClient) error {
	configs := serverConfigs(j)
	slots := 0
	for _, config := range configs {
		slots += config.Concurrency
	}
	// A connection for each slot, as the worker has. net/http keeps two idle ones for a host by
	// default.
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = slots, slots
	handler := &bare{url: j.URL, token: j.Token, client: &http.Client{Transport: transport}}
	if j.Kind == BareEach {
		handler.outcomes = client
	}
	if j.Kind == BareLookups {
		handler.lookups, handler.attempts = true, j.Schedule.Attempts
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

// serverConfigs returns the settings of each server. One server for many gateways has as many slots as
// the worker has for all of them, so that both have the same number of calls at a time.
func serverConfigs(j Job) (configs []asynq.Config) {
	config := asynq.Config{
		TaskCheckInterval: worker.DefaultPoll * 2 / 3, DelayedTaskCheckInterval: 500 * time.Millisecond,
		LogLevel: asynq.ErrorLevel, // each failed attempt is a warning
	}
	switch j.Kind {
	case BareLookups:
		config.RetryDelayFunc = func(retried int, _ error, _ *asynq.Task) time.Duration {
			return j.Schedule.Delay(retried + 1)
		}
	case BareExponential:
		config.RetryDelayFunc = func(retried int, _ error, _ *asynq.Task) time.Duration {
			return min(time.Second<<min(retried, 20), 30*time.Minute)
		}
	}
	// A service that knows nothing of gateways that hang has all queues on one server, with equal
	// weights. These two kinds get single requests alone, and so serve no bulk queue.
	if j.Kind == BareDefault || j.Kind == BareExponential {
		config.Queues, config.Concurrency = make(map[string]int), j.Slots*len(j.Gateways)
		for _, pg := range j.Gateways {
			config.Queues[tasks.Queue{PG: pg}.Name()] = 1
		}
		return []asynq.Config{config}
	}
	// The other kinds have a server for each gateway, with the worker's weights: single requests go
	// first.
	config.Concurrency = j.Slots
	for _, pg := range j.Gateways {
		config.Queues = map[string]int{tasks.Queue{PG: pg}.Name(): 9, tasks.Queue{PG: pg, Bulk: true}.Name(): 1}
		configs = append(configs, config)
	}
	return configs
}
