// Package demo runs everything that a demonstration needs inside this process: an
// embedded Redis, a simulated PortOne that fails, a worker, and the web site.
package demo

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/cmd/internal/monitor"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker"
	"receiptrevoker/worker/backoff"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/iamport"
	"receiptrevoker/worker/iamport/iamporttest"
)

// Receipts gives the receipt of an imp_uid, or false if it has none.
type Receipts func(impUID string) (iamporttest.Receipt, bool)

// Config is what a demo is made of. All fields are required.
type Config struct {
	Data Data
	// Site is the address of the web site; another port is taken if it is in use.
	Site string
	// Serve answers requests until the context is done.
	Serve func(context.Context, net.Listener, http.Handler, *slog.Logger) error
	// Others are the receipts of payments that are not among the data.
	Others Receipts
	// Log is the worker's.
	Log *slog.Logger
	// Warn is told what goes wrong with one of the parts.
	Warn func(error)
}

// Demo is everything a demo needs, running.
type Demo struct {
	// Queue asks for revocations and says how far they are.
	Queue *enqueue.Client
	// PortOne is the pretend one, which knows the truth.
	PortOne *iamporttest.Server

	config  Config
	memory  *miniredis.Miniredis
	client  redis.UniversalClient
	site    string
	cancel  context.CancelFunc
	running sync.WaitGroup
}

// Start starts all parts of a demo; the caller closes it.
func Start(ctx context.Context, config Config) (*Demo, error) {
	memory, err := miniredis.Run()
	if err != nil {
		return nil, fmt.Errorf("start the embedded Redis: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	d := &Demo{
		config: config, memory: memory, cancel: cancel,
		client: redis.NewClient(&redis.Options{Addr: memory.Addr(), PoolSize: 64}),
		PortOne: iamporttest.New(iamporttest.Config{
			Latency: iamporttest.Latency{Median: 150 * time.Millisecond, P99: 600 * time.Millisecond},
			Faults:  config.Data.faults, Unknown: config.Data.unknown(config.Others), Seed: 1,
		}),
	}
	d.PortOne.Issue(config.Data.issued...)
	d.Queue = enqueue.NewClient(d.client, enqueue.Config{})
	d.running.Go(func() { d.advanceClock(ctx) })
	if err := d.start(ctx); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

// Redis returns the address of the embedded one.
func (d *Demo) Redis() string { return d.memory.Addr() }

// Site returns the address of the web site.
func (d *Demo) Site() string { return d.site }

// Close stops everything and waits for it.
func (d *Demo) Close() {
	d.cancel()
	d.PortOne.Close() // ends the calls that hang
	d.running.Wait()
	_ = d.client.Close()
	d.memory.Close()
}

// start starts the simulated PortOne, the web site, the worker, and the outage.
func (d *Demo) start(ctx context.Context) error {
	if err := d.startSite(ctx); err != nil {
		return err
	}
	portone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	d.background(ctx, func(ctx context.Context) error {
		return d.config.Serve(ctx, portone, d.PortOne, slog.New(slog.DiscardHandler))
	})
	if err := d.startWorker(ctx, "http://"+portone.Addr().String()); err != nil {
		return err
	}
	if d.config.Data.outage != "" {
		d.background(ctx, d.fail)
	}
	return nil
}

// startSite serves the web site at its address, or on another port where that is
// in use.
func (d *Demo) startSite(ctx context.Context) error {
	listener, err := net.Listen("tcp", d.config.Site)
	if err != nil {
		if listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return err
		}
	}
	d.site = listener.Addr().String()
	log := slog.New(slog.DiscardHandler)
	site, err := monitor.New(monitor.Config{
		Redis: d.client, Outcomes: outcome.NewStore(d.client, outcome.Config{}), Gates: gate.NewStore(d.client, ""), Log: log,
	})
	if err != nil {
		return err
	}
	d.background(ctx, func(ctx context.Context) error { return d.config.Serve(ctx, listener, site, log) })
	return nil
}

// startWorker starts a worker that calls the PortOne at a URL.
func (d *Demo) startWorker(ctx context.Context, url string) error {
	api, err := iamport.NewClient(iamport.Config{
		URL: url, Timeout: 3 * time.Second, Key: iamporttest.DefaultKey, Secret: iamporttest.DefaultSecret,
	})
	if err != nil {
		return err
	}
	w, err := worker.New(worker.Config{
		Redis: d.client, API: api, Outcomes: outcome.NewStore(d.client, outcome.Config{}), Concurrency: d.config.Data.slots,
		// Retries come soon: no one watches a demo for ten hours.
		Schedule:        backoff.Schedule{Attempts: 6, Base: 200 * time.Millisecond, Max: 2 * time.Second},
		UnseenFor:       2 * time.Second, // this PortOne does not finish calls that were cut off
		ShutdownTimeout: 10 * time.Second, Log: d.config.Log,
	})
	if err != nil {
		return err
	}
	d.background(ctx, w.Run)
	return nil
}

func (d *Demo) background(ctx context.Context, run func(context.Context) error) {
	d.running.Go(func() {
		if err := run(ctx); err != nil {
			d.config.Warn(err)
		}
	})
}

// fail takes one gateway down for the demo's first two seconds.
func (d *Demo) fail(ctx context.Context) error {
	d.PortOne.SetOutage(d.config.Data.outage, true)
	select {
	case <-ctx.Done():
	case <-time.After(2 * time.Second):
	}
	d.PortOne.SetOutage(d.config.Data.outage, false)
	return nil
}

// advanceClock makes keys expire: miniredis has no clock of its own for that.
func (d *Demo) advanceClock(ctx context.Context) {
	const tick = 100 * time.Millisecond
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(tick):
			d.memory.FastForward(tick)
		}
	}
}

// Enqueue asks for all revocations, every third of them by itself and the others
// as a batch, and puts a broken task beside them, as a faulty producer would, if
// there is to be one.
func (d *Demo) Enqueue(ctx context.Context) error {
	singles, lines := d.config.Data.split()
	for result := range d.Queue.RevokeMany(ctx, slices.Values(singles)) {
		if result.Err != nil {
			return result.Err
		}
	}
	batch, err := d.Queue.Batch(batchName, enqueue.BatchOptions{})
	if err != nil {
		return err
	}
	for _, err := range batch.Ask(ctx, slices.Values(lines)) {
		if err != nil {
			return err
		}
	}
	if d.config.Data.broken {
		return d.enqueueBroken(ctx)
	}
	return nil
}

// brokenTask is the ID of a task with an unreadable payload.
const brokenTask = "broken-task"

func (d *Demo) enqueueBroken(ctx context.Context) error {
	queue := asynq.NewClientFromRedisClient(d.client)
	task := asynq.NewTask(tasks.TypeRevoke, []byte(`{"imp_uid":`))
	_, err := queue.EnqueueContext(ctx, task, asynq.TaskID(brokenTask), asynq.Queue(tasks.Queue{}.Name()))
	return err
}
