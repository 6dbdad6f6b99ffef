// Package worker is the process that takes revocations off their queues: an Asynq server, and
// what runs beside it until it stops. Package revoke makes the attempts.
package worker

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"

	"github.com/hibiken/asynq"

	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/redisfault"
	"receiptrevoker/tasks/rights"
	"receiptrevoker/worker/account"
	"receiptrevoker/worker/complaint"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/heartbeat"
	"receiptrevoker/worker/pace"
	"receiptrevoker/worker/pulse"
	"receiptrevoker/worker/redishealth"
	"receiptrevoker/worker/revoke"
	"receiptrevoker/worker/roundtrip"
	"receiptrevoker/worker/slots"
	"receiptrevoker/worker/sweep"
)

// Worker serves all queues of this project, each gateway with slots of its own.
type Worker struct {
	config      Config
	process     string // its name among all workers
	complaints  *complaint.Log
	redisHealth *redishealth.Watch
	stalled     *redishealth.Stalled
	gates       *gate.Gates
	pulse       *pulse.Pulse
	pace        *pace.Pace
	account     *account.Keeper
	stopping    atomic.Bool
}

// New returns a worker, or an error that names what is missing or wrong.
func New(config Config) (*Worker, error) {
	if config.Redis == nil || config.API == nil || config.Outcomes == nil {
		return nil, errors.New("worker: Redis, API and Outcomes are required")
	}
	least := min(config.Poll, config.ShutdownTimeout, config.Sweep, config.UnseenFor, config.GiveUpAfter)
	if config.Concurrency < 0 || least < 0 {
		return nil, errors.New("worker: concurrency and durations must not be negative")
	}
	config = config.withDefaults()
	if err := errors.Join(config.Schedule.Validate(), config.Gate.Validate()); err != nil {
		return nil, err
	}
	stalled := redishealth.NewStalled()
	config.Redis.AddHook(stalled)
	config.Redis.AddHook(redisfault.Calm{})
	process := processName()
	gates := gate.NewStore(config.Redis, config.Outcomes.Namespace())
	w := &Worker{
		config:     config,
		process:    process,
		complaints: complaint.NewLog(config.Log),
		stalled:    stalled,
		gates:      gate.New(gates, config.Gate, process, config.Log),
		pulse:      pulse.New(),
		pace:       pace.New(),
	}
	w.gates.Pace = w.pace
	w.account = &account.Keeper{
		Store: account.NewStore(config.Redis, config.Outcomes.Namespace()), API: config.API,
		Accept: config.AcceptAccount, Log: config.Log, Complain: w.complainOfAccount, Pace: w.pace,
	}
	w.redisHealth = &redishealth.Watch{
		Heartbeat: heartbeat.New(config.Outcomes, process), Log: config.Log,
		Pulse: w.pulse, Pace: w.pace,
		Rights: func(ctx context.Context) error {
			return rights.Check(ctx, config.Redis, rights.Worker, config.Outcomes.Namespace())
		},
	}
	return w, nil
}

func (w *Worker) complainOfAccount(err error) {
	w.complaints.Add(slog.LevelWarn, "account", "account not compared, trying again", "error", err,
		"advice", redisfault.Advice(err))
}

// processName returns what this process is called among all workers, by which
// people find it too.
func processName() string {
	host, _ := os.Hostname() // without it the rest still tells it from others
	return fmt.Sprintf("%s:%d:%s", host, os.Getpid(), rand.Text()[:8])
}

// Run sees that Redis allows what a worker does, waits until the account is the
// namespace's, works until ctx is done, then stops in good order: nothing new begins, calls
// in flight are finished and recorded, and the rest is put back without counting. It returns
// an error only if it could not start, as one that [redisfault.Permanent] reports, or one that
// matches [account.ErrOther] if the namespace is another account's, also later.
func (w *Worker) Run(ctx context.Context) error {
	if err := w.redisHealth.Try(ctx); err != nil {
		return err
	}
	if err := w.admit(ctx); err != nil || ctx.Err() != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stopping, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	abandoned, abandon := context.WithCancel(context.WithoutCancel(ctx))
	defer abandon()

	shared := roundtrip.New(abandoned, w.config.Redis, outcome.AttemptScripts()...)
	handler := w.handler(stopping, abandoned)
	handler.Outcomes = w.config.Outcomes.On(shared)
	fleet := &fleet{
		config: w.config, shared: shared, complaints: w.complaints, handler: handler, pulse: w.pulse, pace: w.pace,
	}
	if _, err := w.gates.Refresh(ctx); err != nil {
		w.complain("gates", err)
	}
	var beside sync.WaitGroup
	beside.Go(func() { w.redisHealth.Run(abandoned) })
	beside.Go(func() { tellBlocked(ctx, w.config.Log, cutOff(w.config.API, w.gates.States)) })
	beside.Go(func() { handler.Leases.Run(abandoned) })
	beside.Go(func() { w.sweeper(handler).Run(ctx) })
	beside.Go(func() {
		if err := w.account.Watch(ctx); err != nil {
			cancel(err)
		}
	})
	beside.Go(func() {
		workers := asynqkeys.NewWorkers(w.config.Redis, w.config.Outcomes.Namespace())
		workers.Watch(ctx, sweepsPerLook*w.config.Sweep, w.tellOlder)
	})
	beside.Go(func() { w.gates.Run(ctx, w.prober(handler), w.complain) })

	err := fleet.run(ctx)
	if cause := context.Cause(ctx); errors.Is(cause, account.ErrOther) {
		err = cause
	}
	cancel(nil)
	w.stopping.Store(true)
	w.config.Log.Info("stopping: waiting for calls in flight", "timeout", w.config.ShutdownTimeout.String())
	fleet.stop(abandoned)
	stop()
	fleet.shutdown()
	abandon()
	beside.Wait()
	w.config.Log.Info("stopped")
	return err
}

// admit waits until the account is the namespace's. Meanwhile Redis tells people that a worker
// is running.
func (w *Worker) admit(ctx context.Context) error {
	waiting, admitted := context.WithCancel(ctx)
	var registered sync.WaitGroup
	defer registered.Wait()
	defer admitted()
	registered.Go(func() {
		if err := asynqkeys.RegisterWaiting(waiting, w.config.Redis, w.config.Outcomes.Namespace()); err != nil {
			w.complaints.Add(slog.LevelWarn, "waiting", "this worker is not listed while it waits", "error", err)
		}
	})
	return w.account.Admit(ctx)
}

func (w *Worker) handler(stopping, abandoned context.Context) *revoke.Handler {
	return &revoke.Handler{
		API: w.config.API, Outcomes: w.config.Outcomes, Gates: w.gates, Schedule: w.config.Schedule,
		Tasks:     w.config.tasks(),
		Leases:    revoke.NewLeases(w.config.Outcomes, w.complaints, w.pulse),
		Slots:     slots.New(w.config.Concurrency),
		Places:    slots.New(w.config.Concurrency + max(w.config.Concurrency/slotsPerPlace, 1)),
		Heartbeat: w.redisHealth.Heartbeat, Pace: w.pace, Log: w.config.Log, Complaints: w.complaints,
		Stopping: stopping, Abandoned: abandoned,
		UnseenFor: w.config.UnseenFor, GiveUpAfter: w.config.GiveUpAfter,
		OnAttempt: w.config.OnAttempt, Tracer: w.config.Tracers.Tracer("receiptrevoker/worker"),
	}
}

func (w *Worker) prober(handler *revoke.Handler) *revoke.Prober {
	return &revoke.Prober{
		Handler: handler, Redis: w.config.Redis, Inspector: asynq.NewInspectorFromRedisClient(w.config.Redis),
		FirstAfter: cmp.Or(w.config.Gate.Probe, gate.DefaultProbe),
	}
}

func (w *Worker) sweeper(handler *revoke.Handler) *sweep.Sweeper {
	return &sweep.Sweeper{
		Handler: handler, Outcomes: w.config.Outcomes, Attempts: handler.Schedule.Attempts,
		Redis: w.config.Redis, Inspector: asynq.NewInspectorFromRedisClient(w.config.Redis), Tasks: w.config.tasks(),
		Process: w.process, Every: w.config.Sweep,
		Beat: func() { w.pulse.Beat("sweep") }, Rest: func() { w.pulse.End("sweep") },
		Complaints: w.complaints, Log: w.config.Log,
	}
}

// complain writes what of the gates could not be done for want of Redis.
func (w *Worker) complain(kind string, err error) {
	w.complaints.Add(slog.LevelWarn, kind, "gates not kept, trying again", "error", err)
}

// tellOlder writes which workers of an older version run, and which do not any more.
func (w *Worker) tellOlder(appeared, gone []asynqkeys.Worker, err error) {
	if err != nil {
		w.complaints.Add(slog.LevelWarn, "older", "older workers not looked for, trying again", "error", err)
	}
	if len(appeared) > 0 {
		w.config.Log.Warn("older workers run, and would revoke whichever receipt there is: apply_num and again "+
			"are refused until they are stopped or upgraded", "workers", fmt.Sprint(appeared))
	}
	if len(gone) > 0 {
		w.config.Log.Info("older workers are gone", "workers", fmt.Sprint(gone))
	}
}
