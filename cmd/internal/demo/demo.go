// Package demo runs everything that a demonstration needs inside this process: an embedded
// Redis, a simulated PortOne that fails, a worker, and the web site. All of them are the
// real packages but for Redis, which is miniredis, so the demo shows what a real
// installation does. Everything listens on loopback, and nothing is left when the process
// ends.
package demo

import (
	"context"
	"crypto/rand"
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
	"receiptrevoker/cmd/internal/monitor/login"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker"
	"receiptrevoker/worker/backoff"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/iamport"
	"receiptrevoker/worker/iamport/iamporttest"
)

// Receipts gives the receipt of an imp_uid, or false if it has none. The simulated PortOne
// calls it from several goroutines at once, so it must be safe for that.
type Receipts func(impUID string) (iamporttest.Receipt, bool)

// Config is what a demo is made of. All fields are required.
type Config struct {
	// Data is what is requested and what goes wrong.
	Data Data
	// Site is the address of the web site; another port is taken if it is in use.
	Site string
	// Serve answers requests until the context is done, and returns then. The commands pass
	// the function by which they serve their own sites, with its timeouts. It runs in two
	// goroutines, for PortOne and for the web site.
	Serve func(context.Context, net.Listener, http.Handler, *slog.Logger) error
	// Others are the receipts of payments that are not among the data: of what a person
	// requests beside a demo that is kept running.
	Others Receipts
	// Log is the worker's. The web site and PortOne log nothing.
	Log *slog.Logger
	// Warn is told what goes wrong with one of the parts, from several goroutines. The
	// other parts continue, so that a person can still look at the web site.
	Warn func(error)
}

// Demo is everything a demo needs, running until [Demo.Close].
type Demo struct {
	// Queue requests revocations and says how far they are, as an order service does.
	Queue *enqueue.Client
	// PortOne is the simulated one, which knows the truth: the command compares its records
	// with the outcomes.
	PortOne *iamporttest.Server

	// These are what Close ends: the context of all parts, and the goroutines that run
	// them.
	config  Config
	memory  *miniredis.Miniredis
	client  redis.UniversalClient
	site    string
	cancel  context.CancelFunc
	running sync.WaitGroup
}

// Start starts all parts of a demo and returns once they run; the caller closes it. It
// enqueues nothing yet, see [Demo.Enqueue]. After an error nothing is left running.
func Start(ctx context.Context, config Config) (*Demo, error) {
	memory, err := miniredis.Run()
	if err != nil {
		return nil, fmt.Errorf("start the embedded Redis: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	d := &Demo{
		config: config, memory: memory, cancel: cancel,
		// 64 connections are those of the command's own client (config.poolSize).
		client: redis.NewClient(&redis.Options{Addr: memory.Addr(), PoolSize: 64}),
		// Calls take 150 ms at the median, so that a person sees the bar move. The seed
		// makes two demos of the same list alike.
		PortOne: iamporttest.New(iamporttest.Config{
			Latency: iamporttest.Latency{Median: 150 * time.Millisecond, P99: 600 * time.Millisecond},
			Faults:  config.Data.faults, Unknown: config.Data.unknown(config.Others), Seed: 1,
		}),
	}
	d.PortOne.Issue(config.Data.issued...)
	d.Queue = enqueue.NewClient(d.client, enqueue.Config{})
	// The clock runs before the worker: its leases and gates expire by it.
	d.running.Go(func() { d.advanceClock(ctx) })
	if err := d.start(ctx); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

// Redis returns the address, host and port, of the embedded Redis, for other commands to be
// tried on it while the demo is kept running.
func (d *Demo) Redis() string { return d.memory.Addr() }

// Site returns the URL of the web site, with the port at which it is really served and the
// token that it asks for.
func (d *Demo) Site() string { return d.site }

// Close stops everything and waits for it. The worker finishes calls that run, up to its
// ShutdownTimeout of ten seconds, so Redis is closed last.
func (d *Demo) Close() {
	d.cancel()
	// This ends the calls that hang or are slow by a fault: the worker would wait for their
	// timeouts, and the HTTP server for its handlers.
	d.PortOne.Close()
	d.running.Wait()
	_ = d.client.Close()
	d.memory.Close()
}

// start starts the web site, the simulated PortOne, the worker, and the outage, in the
// order in which each needs the ones before. What has started is stopped by [Demo.Close],
// after an error too.
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

// startSite serves the web site at its address, or on another port where that is in use, as
// by 'revoker monitor' on the same machine. It has no password but a token: other users of the
// machine may not see a person's own list.
func (d *Demo) startSite(ctx context.Context) error {
	listener, err := net.Listen("tcp", d.config.Site)
	if err != nil {
		if listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return err
		}
	}
	access := login.Access{Token: rand.Text()}
	d.site = access.URL(listener.Addr())
	log := slog.New(slog.DiscardHandler)
	site, err := monitor.New(monitor.Config{
		// No actions: the site only shows.
		Redis: d.client, Outcomes: outcome.NewStore(d.client, outcome.Config{}), Gates: gate.NewStore(d.client, ""),
		Access: access, Log: log,
	})
	if err != nil {
		return err
	}
	d.background(ctx, func(ctx context.Context) error { return d.config.Serve(ctx, listener, site, log) })
	return nil
}

// startWorker starts a worker that calls the PortOne at a URL. All its waits are shorter
// than those of a real worker, since a person waits for the end of the demo.
func (d *Demo) startWorker(ctx context.Context, url string) error {
	api, err := iamport.NewClient(iamport.Config{
		// A call that hangs ends after 3 s, well above the simulated latency of 600 ms, and
		// below the 20 s of the data's slow answers, which it must not wait for.
		URL: url, Timeout: 3 * time.Second, Key: iamporttest.DefaultKey, Secret: iamporttest.DefaultSecret,
	})
	if err != nil {
		return err
	}
	w, err := worker.New(worker.Config{
		Redis: d.client, API: api, Outcomes: outcome.NewStore(d.client, outcome.Config{}), Concurrency: d.config.Data.slots,
		// Six attempts within seconds: the real schedule takes about eleven hours.
		Schedule: backoff.Schedule{Attempts: 6, Base: 200 * time.Millisecond, Max: 2 * time.Second},
		// For so long PortOne may still be at work on a DELETE without an answer; by
		// default it would be ten timeouts, here 30 s. This PortOne does not finish calls
		// that were cut off.
		UnseenFor:       2 * time.Second,
		ShutdownTimeout: 10 * time.Second, Log: d.config.Log,
	})
	if err != nil {
		return err
	}
	d.background(ctx, w.Run)
	return nil
}

// background runs a part in a goroutine that Close waits for, and tells its error. A part
// that fails does not end the others.
func (d *Demo) background(ctx context.Context, run func(context.Context) error) {
	d.running.Go(func() {
		if err := run(ctx); err != nil {
			d.config.Warn(err)
		}
	})
}

// fail takes one gateway down for the demo's first two seconds. The schedule of startWorker
// outlasts that: six attempts, with waits of 0.2, 0.4, 0.8, 1.6 and 2 s between them.
func (d *Demo) fail(ctx context.Context) error {
	d.PortOne.SetOutage(d.config.Data.outage, true)
	select {
	// A demo that is stopped does not wait for the end of the outage.
	case <-ctx.Done():
	case <-time.After(2 * time.Second):
	}
	d.PortOne.SetOutage(d.config.Data.outage, false)
	return nil
}

// advanceClock makes keys expire. miniredis keeps TTLs and does not count them down by
// itself: [miniredis.Miniredis.FastForward] does. Without it no lease, no hold and no
// gate's prober would ever end. A tick of 100 ms is how late a key may expire.
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

// Enqueue requests all revocations, a third of them one by one and the others as a batch,
// and puts a broken task beside them, as a faulty producer would, if there is to be one. It
// returns once all are queued; the worker is at work meanwhile. An error may leave part of
// them queued.
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

// brokenTask is the ID of a task with an unreadable payload. Its outcome is kept under
// "task:broken-task", see [tasks.Unreadable].
const brokenTask = "broken-task"

// enqueueBroken enqueues with Asynq's own client, since package enqueue refuses to make
// such a task. It goes to the common queue, that of tasks without a known gateway.
func (d *Demo) enqueueBroken(ctx context.Context) error {
	queue := asynq.NewClientFromRedisClient(d.client)
	task := asynq.NewTask(tasks.TypeRevoke, []byte(`{"imp_uid":`))
	_, err := queue.EnqueueContext(ctx, task, asynq.TaskID(brokenTask), asynq.Queue(tasks.Queue{}.Name()))
	return err
}
