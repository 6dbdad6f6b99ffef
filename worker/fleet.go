package worker

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/hibiken/asynq"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/worker/complaint"
	"receiptrevoker/worker/pulse"
	"receiptrevoker/worker/revoke"
)

const (
	// discoverEvery is how soon a queue that came into being is served.
	discoverEvery = 500 * time.Millisecond
	// forwardEvery is how soon a retry that is due moves to its queue, unless Poll is longer.
	forwardEvery = 500 * time.Millisecond
)

// fleet is one Asynq server for each gateway: a bulkhead, so that a gateway
// that hangs holds no slot of another; and a dequeue loop each, since one
// server takes its tasks off one after the other.
type fleet struct {
	config     Config
	complaints *complaint.Log
	handler    asynq.Handler
	pulse      *pulse.Pulse
	servers    map[tasks.Gateway]*asynq.Server
	seen       map[string]bool // the queues that were ever registered
}

// run starts a server for revocations without a gateway, and one for each
// gateway whose queues appear in Redis, until ctx is done.
func (f *fleet) run(ctx context.Context) error {
	f.servers = make(map[tasks.Gateway]*asynq.Server)
	f.seen = make(map[string]bool)
	if err := f.serve(""); err != nil {
		return err
	}
	ticker := time.NewTicker(discoverEvery)
	defer ticker.Stop()
	defer f.pulse.End("discover")
	for {
		f.pulse.Beat("discover")
		if err := f.discover(ctx); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// discover starts the servers of the gateways that have got a queue.
func (f *fleet) discover(ctx context.Context) error {
	names, err := asynqkeys.Ours(ctx, f.config.Redis, f.config.Outcomes.Namespace())
	if err != nil {
		if ctx.Err() == nil {
			f.complaints.Add(slog.LevelWarn, "discover", "queues not listed", "error", err)
		}
		return nil // Redis will be back
	}
	for _, name := range names {
		queue, _ := tasks.ParseQueue(name)
		f.seen[name] = true
		if err := f.serve(queue.PG); err != nil {
			return err
		}
	}
	for name := range f.seen {
		if !slices.Contains(names, name) {
			f.pulse.Beat("discover")
			f.register(ctx, name)
		}
	}
	return nil
}

// register makes a queue known again if Redis lost that it exists.
func (f *fleet) register(ctx context.Context, queue string) {
	if err := asynqkeys.RegisterAgain(ctx, f.config.Redis, queue); err != nil && ctx.Err() == nil {
		f.complaints.Add(slog.LevelWarn, "register", "queue not registered again", "queue", queue, "error", err)
	}
}

// serve starts the server of a gateway unless it runs.
func (f *fleet) serve(pg tasks.Gateway) error {
	if _, running := f.servers[pg]; running {
		return nil
	}
	server := asynq.NewServerFromRedisClient(f.config.Redis, asynq.Config{
		Concurrency:              f.config.Concurrency,
		Queues:                   asynqkeys.Weights(f.config.Outcomes.Namespace(), pg),
		TaskCheckInterval:        f.config.Poll * 2 / 3, // Asynq waits from half of it to half as long again
		DelayedTaskCheckInterval: max(forwardEvery, f.config.Poll),
		RetryDelayFunc:           revoke.RetryDelay,
		IsFailure:                revoke.IsFailure,
		ShutdownTimeout:          f.config.ShutdownTimeout,
		Logger:                   f.complaints.Asynq(),
		BaseContext:              revoke.BaseContext,
	})
	if err := server.Start(f.handler); err != nil {
		return fmt.Errorf("start the server of %q: %w", pg, err)
	}
	f.servers[pg] = server
	f.config.Log.Info("serving", "pg", string(pg), "slots", f.config.Concurrency)
	return nil
}

// stop makes every server take no more tasks.
func (f *fleet) stop() { f.each((*asynq.Server).Stop) }

// shutdown waits until every server has finished what it had taken.
func (f *fleet) shutdown() { f.each((*asynq.Server).Shutdown) }

func (f *fleet) each(do func(*asynq.Server)) {
	var all sync.WaitGroup
	for _, server := range f.servers {
		all.Go(func() { do(server) })
	}
	all.Wait()
}
