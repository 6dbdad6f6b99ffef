// Package worker takes revocations off their queues, calls PortOne, and
// records what came of each: revoked, to be tried again, or given up.
package worker

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/iamport"
)

// The settings' defaults.
const (
	DefaultConcurrency = 20
	DefaultPoll        = 100 * time.Millisecond
)

// Config is what a worker works with. Redis, API and Outcomes are required.
type Config struct {
	// Redis is where Asynq's queues are. The caller closes it, after Run.
	Redis redis.UniversalClient
	// API calls PortOne.
	API *iamport.Client
	// Outcomes is where it is written what became of each imp_uid.
	Outcomes *outcome.Store
	// Concurrency is how many calls run at a time for each gateway, in this
	// process. Default 20.
	Concurrency int
	// Poll is the longest wait of an idle worker before it looks for work.
	// Default 100 ms.
	Poll time.Duration
	// Schedule says how often and when a failed attempt is repeated.
	Schedule Schedule
	// ShutdownTimeout is how long Run waits for calls in flight once it has
	// been told to stop. It should exceed the API's timeout, so that every
	// DELETE that left is also recorded. Default twice [iamport.DefaultTimeout]
	// and 10 seconds.
	ShutdownTimeout time.Duration
	// Log receives a line for each attempt. Default [slog.Default].
	Log *slog.Logger
}

// Worker serves all queues of this project, each gateway with slots of its own.
type Worker struct{ config Config }

// New returns a worker, or an error that names what is missing or wrong.
func New(config Config) (*Worker, error) {
	if config.Redis == nil || config.API == nil || config.Outcomes == nil {
		return nil, errors.New("worker: Redis, API and Outcomes are required")
	}
	if config.Concurrency < 0 || config.Poll < 0 || config.ShutdownTimeout < 0 {
		return nil, errors.New("worker: concurrency, poll and shutdown timeout must not be negative")
	}
	if err := config.Schedule.Validate(); err != nil {
		return nil, err
	}
	config.Schedule = config.Schedule.withDefaults()
	config.Concurrency = cmp.Or(config.Concurrency, DefaultConcurrency)
	config.Poll = cmp.Or(config.Poll, DefaultPoll)
	config.ShutdownTimeout = cmp.Or(config.ShutdownTimeout, 2*iamport.DefaultTimeout+10*time.Second)
	if config.Log == nil {
		config.Log = slog.Default()
	}
	return &Worker{config: config}, nil
}

// Run works until ctx is done, then stops in good order: nothing new begins,
// calls in flight are finished and recorded, and the rest is put back without
// counting. It returns an error only if it could not start.
func (w *Worker) Run(ctx context.Context) error {
	stopping, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	abandoned, abandon := context.WithCancel(context.WithoutCancel(ctx))
	defer abandon()

	leases := &leases{outcomes: w.config.Outcomes, log: w.config.Log, held: make(map[outcome.Attempt]struct{})}
	var keeping sync.WaitGroup
	keeping.Go(func() { leases.run(abandoned) })
	fleet := &fleet{
		config: w.config,
		handler: &handler{
			api: w.config.API, outcomes: w.config.Outcomes, leases: leases, schedule: w.config.Schedule,
			log: w.config.Log, stopping: stopping, abandoned: abandoned,
		},
	}
	err := fleet.run(ctx)
	w.config.Log.Info("stopping: waiting for calls in flight", "timeout", w.config.ShutdownTimeout.String())
	fleet.stop()
	stop()
	fleet.shutdown()
	abandon()
	keeping.Wait()
	w.config.Log.Info("stopped")
	return err
}
