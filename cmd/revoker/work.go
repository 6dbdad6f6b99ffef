package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/sethvargo/go-retry"
	"github.com/spf13/cobra"

	"receiptrevoker/cmd/internal/config"
	"receiptrevoker/cmd/internal/traces"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/redisfault"
	"receiptrevoker/worker"
	"receiptrevoker/worker/account"
	"receiptrevoker/worker/iamport"
	"receiptrevoker/worker/metrics"
)

// workSettings are what the worker is started with. They stand apart from [program]: a worker has a
// client of its own, which waits for Redis, a log in place of messages, and hooks that count.
type workSettings struct {
	redis  config.Redis
	api    config.IAMPort
	worker config.Worker
	http   config.HTTP
	log    config.Log
}

// work returns the command that calls PortOne; no other one does but doctor, which asks for a token.
func (p *program) work() *cobra.Command {
	var s workSettings
	cmd := &cobra.Command{
		Use:   "work",
		Short: "Carry queued revocations out",
		Long: `Work takes revocations off their queues, calls DELETE /receipts/{imp_uid}, and
writes the outcome of each to Redis. Run as many processes as you like. While a
payment gateway is down none of them calls it, but for a probe now and then;
'revoker queue list' shows it.

It needs a Redis, and PortOne's REST API key and secret, in IMP_KEY and
IMP_SECRET or in files that IMP_KEY_FILE and IMP_SECRET_FILE name; 'revoker
doctor' checks both. It waits for a Redis that is away, and ends if REDIS_URL
leads to something else. Every setting is a flag or the environment variable
named beside it. Ctrl-C or SIGTERM stops the worker once the calls in
flight are finished.

At --http it answers /healthz (is the process alive), /readyz (can it revoke,
and if not, why) and /metrics (figures for Prometheus). Traces go where the
OTEL_ variables of OpenTelemetry say, by OTLP over HTTP.`,
		Example: `  export REDIS_URL=redis://127.0.0.1:6379/0
  IMP_KEY=... IMP_SECRET_FILE=imp.secret revoker work
  revoker work --concurrency 50 --rate 100`,
		Args: arguments(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error { return p.runWork(cmd.Context(), s) },
	}
	s.redis.Flags(cmd.Flags())
	s.api.Flags(cmd.Flags())
	s.worker.Flags(cmd.Flags())
	s.http.Flags(cmd.Flags())
	s.log.Flags(cmd.Flags())
	return cmd
}

// runWork runs a worker until ctx ends, and then for as long as its calls in flight take. A setting that
// makes no sense ends it before it connects anywhere, with exit code 2, for which systemd does not start
// it again. An outage of Redis or PortOne it waits out.
//
// Deferred calls run in the reverse order: HTTP ends first, then the connection to Redis; the last spans
// are sent, and the last log lines written.
func (p *program) runWork(ctx context.Context, s workSettings) error {
	s.log.Escape = escaped
	log, flush, err := s.log.Logger(p.stderr)
	if err != nil {
		return usageError{err}
	}
	defer flush()
	if err := s.worker.Validate(); err != nil {
		return usageError{err}
	}
	tracers, err := traces.Start(ctx, p.getenv, func(err error) { log.Warn("spans not sent", "error", err) })
	if err != nil {
		return usageError{err}
	}
	defer tracers.Stop(ctx)
	figures := metrics.New()
	s.api.OnCall, s.api.Tracers = figures.OnCall, tracers
	// As many idle connections as there are calls at a time: --concurrency slots for each gateway,
	// and for the tasks without a known one. With fewer, calls would open new connections, each with a
	// handshake.
	api, err := s.api.Client(p.getenv, s.worker.Concurrency*(len(tasks.Gateways())+1))
	if err != nil {
		return usageError{err}
	}
	client, err := s.redis.Open()
	if err != nil {
		return usageError{err}
	}
	defer client.Close()
	redis.SetLogger(redisLogger{log})
	client.AddHook(figures.Hook())

	w, health, err := s.newWorker(figures, worker.Config{Redis: client, API: api, Tracers: tracers, Log: log})
	if err != nil {
		return err
	}
	// Before Redis is waited for: an orchestrator must see that the process is alive and not ready.
	stopHTTP, err := s.serveHTTP(ctx, health, log)
	if err != nil {
		return err
	}
	defer stopHTTP()

	s.announce(log, api, tracers.Sending())
	if err := s.awaitRedis(ctx, client, log); ctx.Err() != nil {
		// Ctrl-C while Redis was away. Nothing had begun, so nothing is left to do: exit code 0.
		return nil
	} else if err != nil {
		return err
	}
	// A wrong key is told at the start, and not only with the first task. It is no reason to end: the
	// worker waits for PortOne as for Redis, and /readyz is 503.
	if err := api.Authenticate(ctx); err != nil && ctx.Err() == nil {
		log.Error("no token from PortOne: tasks wait, and nothing is given up, until it accepts", "error", err)
	}
	return advised(w.Run(ctx))
}

// advised returns a worker's error, with what to do if the namespace belongs to another account. That one
// is a usageError, so that systemd does not start the worker again: with a wrong account it would find
// none of the receipts.
func advised(err error) error {
	if !errors.Is(err, account.ErrOther) {
		return err
	}
	return usageError{fmt.Errorf("%w; give this account a --namespace of its own, with its own producers; "+
		"or, where the key was changed, start once with --accept-account", err)}
}

// newWorker returns a worker that uses what c holds as the settings say, and the handler of /healthz,
// /readyz and /metrics. It connects nowhere.
func (s *workSettings) newWorker(figures *metrics.Metrics, c worker.Config) (*worker.Worker, http.Handler, error) {
	c.Outcomes, c.OnAttempt = outcome.NewStore(c.Redis, s.redis.Outcomes()), figures.OnAttempt
	c.Concurrency, c.Poll, c.Schedule = s.worker.Concurrency, s.worker.Poll, s.worker.Schedule
	c.Gate, c.AcceptAccount = s.worker.Gate.Config(), s.worker.AcceptAccount
	// An attempt in flight may make a lookup and a DELETE, each for up to --timeout, and must record
	// what came of them. With the default of 1m that is 2m10s. TimeoutStopSec and
	// terminationGracePeriodSeconds in deploy are 150 s: a larger --timeout needs more there, too.
	c.ShutdownTimeout = 2*s.api.Timeout + 10*time.Second
	w, err := worker.New(c)
	if err != nil {
		return nil, nil, err
	}
	scrape := figures.Handler(metrics.Subject{Redis: c.Redis, Outcomes: c.Outcomes, Worker: w})
	return w, healthHandler(w, scrape), nil
}

// announce logs with which settings the worker starts, so that a log answers with what it ran. No
// secret is among them. A URL of PortOne that leads beyond this machine without TLS, as
// --insecure-portone allows, is a warning.
func (s *workSettings) announce(log *slog.Logger, api *iamport.Client, traced bool) {
	log.Info("starting", "iamport_url", s.api.URL, "namespace", s.redis.Namespace, "concurrency", s.worker.Concurrency,
		"timeout", s.api.Timeout.String(), "schedule", s.worker.Schedule.String(), "poll", s.worker.Poll.String(),
		"gate", s.worker.Gate.Config().String(), "traces", traced)
	if api.Exposed() {
		log.Warn("key and secret are sent without encryption: set IAMPORT_URL to an address that begins with https://",
			"iamport_url", s.api.URL)
	}
}

// serveHTTP serves handler at --http until the returned function is called, which waits until requests in
// flight are answered. It does not end with ctx: while the worker stops, /readyz and /metrics still
// answer. The error is that it cannot listen. A server that fails later is logged and does not stop the
// worker.
func (s *workSettings) serveHTTP(ctx context.Context, handler http.Handler, log *slog.Logger) (stop func(), err error) {
	listener, err := s.http.Listen()
	if err != nil {
		return nil, err
	}
	if listener == nil {
		return func() {}, nil
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := serve(ctx, listener, forItself(listener.Addr(), handler), log); err != nil {
			log.Error("no /healthz, /readyz and /metrics any more", "error", err)
		}
	})
	log.Info("listening", "http", listener.Addr().String())
	return func() {
		cancel()
		serving.Wait()
	}, nil
}

// awaitRedis returns nil once Redis can be used, or an error that [redisfault.Permanent] reports: a wrong
// password or address is not mended by waiting. Until then it logs at each try why it waits and what to
// do. It tries after 0.5 s, 1 s, 2 s, 4 s, 8 s, and then every 15 s; each try takes up to five seconds
// itself. If ctx ends, the error is that of ctx.
func (s *workSettings) awaitRedis(ctx context.Context, client redis.UniversalClient, log *slog.Logger) error {
	backoff := retry.WithCappedDuration(15*time.Second, retry.NewExponential(500*time.Millisecond))
	return retry.Do(ctx, backoff, func(ctx context.Context) error {
		err := s.redis.Reach(ctx, client)
		if err == nil || redisfault.Permanent(err) {
			return err
		}
		// A try that Ctrl-C has cut short says nothing about Redis.
		if ctx.Err() == nil {
			log.Warn("waiting for Redis", "error", err, "advice", redisfault.Advice(err))
		}
		return retry.RetryableError(err)
	})
}

// redisLogger writes the log of go-redis at the level debug, as detail: what fails is also the error of a
// command, which the worker logs with what it means and what to do.
type redisLogger struct{ log *slog.Logger }

func (l redisLogger) Printf(ctx context.Context, format string, args ...any) {
	l.log.DebugContext(ctx, "redis: "+fmt.Sprintf(format, args...))
}
