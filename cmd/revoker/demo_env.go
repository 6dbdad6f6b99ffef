package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
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

// demoEnv is everything a demo needs, running.
type demoEnv struct {
	program *program
	data    demoData
	verbose bool

	memory  *miniredis.Miniredis
	client  redis.UniversalClient
	portone *iamporttest.Server
	queue   *enqueue.Client
	ui      string // address of the web site

	cancel  context.CancelFunc
	running sync.WaitGroup
}

func (p *program) newDemoEnv(ctx context.Context, settings demoSettings, data demoData) (*demoEnv, error) {
	memory, err := miniredis.Run()
	if err != nil {
		return nil, fmt.Errorf("start the embedded Redis: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	e := &demoEnv{
		program: p, data: data, verbose: settings.verbose, memory: memory, cancel: cancel,
		client: redis.NewClient(&redis.Options{Addr: memory.Addr(), PoolSize: 64}),
		portone: iamporttest.New(iamporttest.Config{
			Latency: iamporttest.Latency{Median: 150 * time.Millisecond, P99: 600 * time.Millisecond},
			Faults:  data.faults, Unknown: data.unknown(), Seed: 1,
		}),
	}
	e.portone.Issue(data.issued...)
	e.queue = enqueue.NewClient(e.client, enqueue.Config{})
	redis.SetLogger(silent{})
	e.running.Go(func() { e.advanceClock(ctx) })
	if err := e.start(ctx, settings); err != nil {
		e.close()
		return nil, err
	}
	return e, nil
}

// close stops everything and waits for it.
func (e *demoEnv) close() {
	e.cancel()
	e.portone.Close() // ends the calls that hang
	e.running.Wait()
	_ = e.client.Close()
	e.memory.Close()
}

// start starts the pretend PortOne, the web site, the worker, and the outage.
func (e *demoEnv) start(ctx context.Context, settings demoSettings) error {
	if err := e.startSite(ctx, settings.ui); err != nil {
		return err
	}
	portone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	e.background(ctx, func(ctx context.Context) error { return serve(ctx, portone, e.portone, slog.New(slog.DiscardHandler)) })
	if err := e.startWorker(ctx, "http://"+portone.Addr().String()); err != nil {
		return err
	}
	if e.data.outage != "" {
		e.background(ctx, e.fail)
	}
	return nil
}

// startSite serves the web site at an address, or on another port where that is
// in use.
func (e *demoEnv) startSite(ctx context.Context, address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		if listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return err
		}
	}
	e.ui = listener.Addr().String()
	log := slog.New(slog.DiscardHandler)
	site, err := monitor.New(monitor.Config{
		Redis: e.client, Outcomes: outcome.NewStore(e.client, outcome.Config{}), Gates: gate.NewStore(e.client, ""), Log: log,
	})
	if err != nil {
		return err
	}
	e.background(ctx, func(ctx context.Context) error { return serve(ctx, listener, site, log) })
	return nil
}

// startWorker starts a worker that calls the PortOne at a URL.
func (e *demoEnv) startWorker(ctx context.Context, url string) error {
	api, err := iamport.NewClient(iamport.Config{
		URL: url, Timeout: 3 * time.Second, Key: iamporttest.DefaultKey, Secret: iamporttest.DefaultSecret,
	})
	if err != nil {
		return err
	}
	log := slog.New(slog.DiscardHandler)
	if e.verbose {
		log = slog.New(slog.NewTextHandler(e.program.stderr, nil))
	}
	w, err := worker.New(worker.Config{
		Redis: e.client, API: api, Outcomes: outcome.NewStore(e.client, outcome.Config{}), Concurrency: e.data.slots,
		// Retries come soon: nobody watches a demo for ten hours.
		Schedule:        backoff.Schedule{Attempts: 6, Base: 200 * time.Millisecond, Max: 2 * time.Second},
		UnseenFor:       2 * time.Second, // nor does this PortOne go on with what was cut off
		ShutdownTimeout: 10 * time.Second, Log: log,
	})
	if err != nil {
		return err
	}
	e.background(ctx, w.Run)
	return nil
}

func (e *demoEnv) background(ctx context.Context, run func(context.Context) error) {
	e.running.Go(func() {
		if err := run(ctx); err != nil {
			fmt.Fprintf(e.program.stderr, "revoker: %v\n", err)
		}
	})
}

// fail lets one gateway be down for the demo's first two seconds.
func (e *demoEnv) fail(ctx context.Context) error {
	e.portone.SetOutage(e.data.outage, true)
	sleep(ctx, 2*time.Second)
	e.portone.SetOutage(e.data.outage, false)
	return nil
}

// advanceClock lets keys expire: miniredis has no clock of its own for that.
func (e *demoEnv) advanceClock(ctx context.Context) {
	const tick = 100 * time.Millisecond
	for ctx.Err() == nil {
		sleep(ctx, tick)
		e.memory.FastForward(tick)
	}
}

// brokenTask is the ID of a task whose payload nobody can read.
const brokenTask = "broken-task"

func (e *demoEnv) enqueueBroken(ctx context.Context) error {
	queue := asynq.NewClientFromRedisClient(e.client)
	task := asynq.NewTask(tasks.TypeRevoke, []byte(`{"imp_uid":`))
	_, err := queue.EnqueueContext(ctx, task, asynq.TaskID(brokenTask), asynq.Queue(tasks.Queue{}.Name()))
	return err
}
