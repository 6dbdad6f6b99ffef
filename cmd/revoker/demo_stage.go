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

	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/iamport"
	"receiptrevoker/worker/iamport/iamporttest"
	"receiptrevoker/worker/monitor"
)

// stage is everything a demo needs, running.
type stage struct {
	program *program
	cast    cast
	verbose bool

	memory  *miniredis.Miniredis
	client  redis.UniversalClient
	portone *iamporttest.Server
	queue   *enqueue.Client
	ui      string // address of the web site

	cancel  context.CancelFunc
	running sync.WaitGroup
}

func (p *program) newStage(ctx context.Context, settings demoSettings, cast cast) (*stage, error) {
	memory, err := miniredis.Run()
	if err != nil {
		return nil, fmt.Errorf("start the embedded Redis: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	s := &stage{
		program: p, cast: cast, verbose: settings.verbose, memory: memory, cancel: cancel,
		client: redis.NewClient(&redis.Options{Addr: memory.Addr(), PoolSize: 64}),
		portone: iamporttest.New(iamporttest.Config{
			Latency: iamporttest.Latency{Median: 150 * time.Millisecond, P99: 600 * time.Millisecond},
			Faults:  cast.faults, Unknown: cast.unknown(), Seed: 1,
		}),
	}
	s.portone.Issue(cast.issued...)
	s.queue = enqueue.NewClient(s.client, enqueue.Config{})
	redis.SetLogger(silent{})
	s.running.Go(func() { s.advanceClock(ctx) })
	if err := s.start(ctx, settings); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// close stops everything and waits for it.
func (s *stage) close() {
	s.cancel()
	s.portone.Close() // ends the calls that hang
	s.running.Wait()
	_ = s.client.Close()
	s.memory.Close()
}

// start starts the pretend PortOne, the web site, the worker, and the outage.
func (s *stage) start(ctx context.Context, settings demoSettings) error {
	portone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.background(ctx, func(ctx context.Context) error { return serve(ctx, portone, s.portone, slog.New(slog.DiscardHandler)) })
	ui, err := net.Listen("tcp", settings.ui)
	if err != nil {
		if ui, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return err
		}
	}
	s.ui = ui.Addr().String()
	site, err := monitor.New(monitor.Config{
		Redis: s.client, Outcomes: outcome.NewStore(s.client, outcome.Config{}), Gates: gate.NewStore(s.client, ""),
		Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	s.background(ctx, func(ctx context.Context) error { return serve(ctx, ui, site, slog.New(slog.DiscardHandler)) })

	api, err := iamport.NewClient(iamport.Config{
		URL: "http://" + portone.Addr().String(), Timeout: 3 * time.Second,
		Key: iamporttest.DefaultKey, Secret: iamporttest.DefaultSecret,
	})
	if err != nil {
		return err
	}
	log := slog.New(slog.DiscardHandler)
	if settings.verbose {
		log = slog.New(slog.NewTextHandler(s.program.stderr, nil))
	}
	w, err := worker.New(worker.Config{
		Redis: s.client, API: api, Outcomes: outcome.NewStore(s.client, outcome.Config{}), Concurrency: s.cast.slots,
		Schedule:        worker.Schedule{Attempts: demoAttempts, Base: demoBase, Max: demoMax},
		ShutdownTimeout: 10 * time.Second, Log: log,
	})
	if err != nil {
		return err
	}
	s.background(ctx, w.Run)
	if s.cast.outage != "" {
		s.background(ctx, s.fail)
	}
	return nil
}

func (s *stage) background(ctx context.Context, run func(context.Context) error) {
	s.running.Go(func() {
		if err := run(ctx); err != nil {
			fmt.Fprintf(s.program.stderr, "revoker: %v\n", err)
		}
	})
}

// fail lets one gateway be down for the demo's first two seconds.
func (s *stage) fail(ctx context.Context) error {
	s.portone.SetOutage(s.cast.outage, true)
	pause(ctx, 2*time.Second)
	s.portone.SetOutage(s.cast.outage, false)
	return nil
}

// advanceClock lets keys expire: miniredis has no clock of its own for that.
func (s *stage) advanceClock(ctx context.Context) {
	const tick = 100 * time.Millisecond
	for ctx.Err() == nil {
		pause(ctx, tick)
		s.memory.FastForward(tick)
	}
}

// brokenTask is the ID of a task whose payload nobody can read.
const brokenTask = "broken-task"

func (s *stage) enqueueBroken(ctx context.Context) error {
	queue := asynq.NewClientFromRedisClient(s.client)
	task := asynq.NewTask(tasks.TypeRevoke, []byte(`{"imp_uid":`), asynq.TaskID(brokenTask), asynq.Queue(tasks.Queue{}.Name()))
	_, err := queue.EnqueueContext(ctx, task)
	return err
}
