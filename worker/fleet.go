package worker

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/hibiken/asynq"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/worker/complaint"
	"receiptrevoker/worker/fetch"
	"receiptrevoker/worker/pace"
	"receiptrevoker/worker/pulse"
	"receiptrevoker/worker/revoke"
	"receiptrevoker/worker/roundtrip"
)

const (
	// discoverEvery is how soon a worker that works serves the queues of a gateway that it does not know; an idle one
	// takes a second.
	discoverEvery = 500 * time.Millisecond
	// forwardEvery is how soon a retry of which package fetch has seen that it is due moves to its queue.
	forwardEvery = 100 * time.Millisecond
	// againAfter is about when a server asks again that found no task. It does so where package fetch knows of
	// one, and is held back otherwise.
	againAfter = 200 * time.Microsecond
	// tasksPerSlot is how many tasks a gateway has at a time in this process for each of its slots: beside those whose
	// calls are made there are some that begin, some whose outcomes are written, and some that wait.
	tasksPerSlot = 1.5
	// drainWithin is how long a worker that stops waits at most for a server to begin with the tasks that were taken
	// for it, for which there is room.
	drainWithin = time.Second
)

// fleet is Asynq's servers of a process: one for all known gateways, and one for each that only a newer producer
// knows, from when its queues appear. Package slots keeps a gateway that hangs from disturbing another.
type fleet struct {
	config     Config
	complaints *complaint.Log
	handler    asynq.Handler
	pulse      *pulse.Pulse
	pace       *pace.Pace
	shared     *roundtrip.Shared // by which attempts and Asynq's servers go to Redis
	queues     *fetch.Queues
	servers    []*asynq.Server
	served     map[tasks.Gateway]bool
	seen       map[string]bool // the queues that were ever registered
}

// run serves revocations until ctx is done.
func (f *fleet) run(ctx context.Context) error {
	f.served, f.seen = make(map[tasks.Gateway]bool), make(map[string]bool)
	f.queues = &fetch.Queues{
		Redis: f.config.Redis, Namespace: f.config.Outcomes.Namespace(), Poll: f.config.Poll,
		Complaints: f.complaints, Pulse: f.pulse,
	}
	var fetching sync.WaitGroup
	defer fetching.Wait()
	fetching.Go(func() { f.queues.Run(ctx) })
	if err := f.serve(append([]tasks.Gateway{""}, tasks.Gateways()...)...); err != nil {
		return err
	}
	defer f.pulse.End("discover")
	for {
		f.pulse.Beat("discover")
		if err := f.discover(ctx); err != nil {
			return err
		}
		wait, _ := f.pace.Next(discoverEvery)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

// discover starts a server for each gateway that is not known and has got a queue.
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
		if f.served[queue.PG] {
			continue
		}
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

// serve starts a server of gateways.
func (f *fleet) serve(gateways ...tasks.Gateway) error {
	room := int(math.Ceil(tasksPerSlot * float64(f.config.Concurrency)))
	client := f.queues.Client(f.shared, gateways, room)
	server := asynq.NewServerFromRedisClient(client, asynq.Config{
		Concurrency:              room * len(gateways),
		Queues:                   asynqkeys.Weights(f.config.Outcomes.Namespace(), gateways...),
		StrictPriority:           true, // package fetch decides: the order in which Asynq asks does not matter
		TaskCheckInterval:        againAfter,
		DelayedTaskCheckInterval: forwardEvery,
		RetryDelayFunc:           revoke.RetryDelay,
		IsFailure:                revoke.IsFailure,
		ShutdownTimeout:          f.config.ShutdownTimeout,
		Logger:                   f.complaints.Asynq(),
		BaseContext:              revoke.BaseContext,
	})
	if err := server.Start(client.Handler(f.handler)); err != nil {
		return fmt.Errorf("start the server of %q: %w", gateways, err)
	}
	f.servers = append(f.servers, server)
	for _, pg := range gateways {
		f.served[pg] = true
	}
	f.config.Log.Info("serving", "gateways", gateways, "slots", f.config.Concurrency)
	return nil
}

// stop makes every server take no more tasks.
func (f *fleet) stop(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, drainWithin)
	defer cancel()
	f.queues.Drain(ctx)
	f.each((*asynq.Server).Stop)
}

// shutdown waits until every server has finished what it had taken.
func (f *fleet) shutdown() { f.each((*asynq.Server).Shutdown) }

func (f *fleet) each(do func(*asynq.Server)) {
	var all sync.WaitGroup
	for _, server := range f.servers {
		all.Go(func() { do(server) })
	}
	all.Wait()
}
