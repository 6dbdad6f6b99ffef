package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"receiptrevoker/bench/internal/benchredis"
	"receiptrevoker/bench/internal/loopback"
	"receiptrevoker/bench/internal/program"
	"receiptrevoker/bench/internal/proof"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/iamport/iamporttest"
)

// errFailed ends a run that did not prove what it should. The report says why.
var errFailed = errors.New("the proof failed")

// run carries the plan out and writes the report to stdout and to a file if one is wanted. It
// returns errFailed if the proof failed, and another error if it could not be made.
func run(ctx context.Context, s settings, stdout io.Writer) error {
	ctx, cancel := context.WithTimeoutCause(ctx, s.limit, fmt.Errorf("it took longer than %v", s.limit))
	defer cancel()
	files, err := os.MkdirTemp("", "soak-")
	if err != nil {
		return err
	}
	// The plan is made before anything starts. Its files have a directory of their own, with the
	// workers' logs.
	k := &soak{settings: s, plan: makePlan(s), history: proof.NewHistory(), files: files}
	if s.keep {
		k.say("everybody's files are in %s", files)
	} else {
		defer os.RemoveAll(files)
	}
	// stop is deferred before the error is looked at: what was started by then has to be stopped as
	// well.
	stop, err := k.start(ctx)
	defer stop()
	if err != nil {
		return err
	}
	found, err := k.carryOut(ctx)
	if err != nil {
		return err
	}
	report, ok := k.report(found)
	if s.output != "" {
		if err := os.WriteFile(s.output, []byte(report), 0o644); err != nil {
			return err
		}
	}
	if _, err := io.WriteString(stdout, report); err != nil || ok {
		return err
	}
	return errFailed
}

// start builds the program and starts everything: PortOne, Redis, the workers. It returns a
// function that stops what was started, in the opposite order, also after an error.
func (k *soak) start(ctx context.Context) (stop func(), err error) {
	var stops []func()
	stop = func() {
		for i := len(stops) - 1; i >= 0; i-- {
			stops[i]()
		}
	}
	// What fails is noticed by the one who asked for it; go-redis' log would only repeat it.
	redis.SetLogger(silent{})
	revoker, err := program.Build(ctx, k.files)
	if err != nil {
		return stop, err
	}
	k.portone = iamporttest.New(iamporttest.Config{
		Latency: iamporttest.Latency{Median: k.latency}, AlreadyRevoked: k.plan.alreadyRevoked,
		Seed: k.seed, Faults: k.plan.faults, OnCall: k.history.Call,
	})
	k.portone.Issue(k.plan.receipts...)
	api, err := loopback.Serve(k.portone)
	if err != nil {
		return stop, err
	}
	stops = append(stops, api.Close, func() { _ = k.portone.Close() })

	// The settings of README, but for appendfsync, which a flag decides.
	own := []string{"--appendfsync", k.fsync, "--logfile", filepath.Join(k.files, "redis.log")}
	k.redis, err = benchredis.Start(ctx, k.files, slices.Concat(benchredis.OnDisk, own)...)
	if err != nil {
		return stop, err
	}
	stops = append(stops, k.redis.Stop)
	k.client = enqueue.NewClient(k.redis.Client, enqueue.Config{})
	k.outcomes = outcome.NewStore(k.redis.Client, outcome.Config{})

	k.workers = &workers{program: revoker, dir: k.files, env: k.environment(api.URL)}
	stops = append(stops, k.workers.close)
	return stop, k.workers.start(k.settings.workers)
}

// silent is the log of go-redis that writes nothing.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

// environment returns the workers' settings: the default ones, but for a timeout and a schedule
// that make a minute of what are hours. Twenty attempts with at most three seconds between them,
// and calls that end after two.
func (k *soak) environment(url string) []string {
	return []string{
		"REDIS_URL=redis://" + k.redis.Addr + "/0",
		"IAMPORT_URL=" + url,
		"IMP_KEY=" + iamporttest.DefaultKey,
		"IMP_SECRET=" + iamporttest.DefaultSecret,
		// Few slots, so that receipts wait while others are called.
		"REVOKER_CONCURRENCY=" + strconv.Itoa(k.slots),
		"REVOKER_TIMEOUT=2s",
		"REVOKER_RETRY_ATTEMPTS=20",
		"REVOKER_RETRY_BASE=200ms",
		"REVOKER_RETRY_MAX=3s",
		"REVOKER_LOG_FORMAT=json",
		"REVOKER_HTTP=" + workerHTTP,
	}
}

// workerHTTP is where a worker serves HTTP: nowhere, since there are several.
const workerHTTP = "off"

// carryOut asks and disrupts, waits until all is calm, and gathers what there is to compare.
func (k *soak) carryOut(ctx context.Context) (evidence, error) {
	k.say("%d imp_uids in %d bursts, %d disruptions, %d deeds of people",
		k.tasks, len(k.plan.asks), len(k.plan.disruptions), len(k.plan.deeds))
	k.began = time.Now()
	var found evidence
	// Producers, people and faults act at the same time, each at the times of the plan.
	everything, within := errgroup.WithContext(ctx)
	everything.Go(func() error { return k.ask(within) })
	everything.Go(func() error { return k.interfere(within) })
	everything.Go(func() (err error) {
		found.disrupted, err = k.disrupt(within)
		return err
	})
	if err := everything.Wait(); err != nil {
		return found, err
	}
	if err := k.acceptRecorded(ctx); err != nil {
		return found, err
	}
	k.awaitCalm(ctx, &found)
	// Ctrl-C ends the run without a report. Time that is over does not: see [soak.awaitCalm].
	if errors.Is(ctx.Err(), context.Canceled) {
		return found, context.Cause(ctx)
	}
	// The workers stop before anything is read, so that nothing changes while it is compared.
	k.workers.stop(context.WithoutCancel(ctx))
	found.total = time.Since(k.began)
	return found, k.gather(context.WithoutCancel(ctx), &found)
}
