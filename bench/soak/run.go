package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
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

// errFailed ends a run that did not prove what it should. The report, which is written before it, says
// why.
var errFailed = errors.New("the proof failed")

// run carries the plan out and writes the report to stdout and where else it is
// wanted, also a report that says that the proof failed. The error is errFailed then; any other
// means that the run could not be carried out, and proved nothing.
func run(ctx context.Context, s settings, stdout io.Writer) error {
	ctx, cancel := context.WithTimeoutCause(ctx, s.limit, fmt.Errorf("it took longer than %v", s.limit))
	defer cancel()
	files, err := os.MkdirTemp("", "soak-")
	if err != nil {
		return err
	}
	k := &soak{settings: s, plan: makePlan(s), history: proof.NewHistory(), files: files}
	if s.keep {
		k.say("everybody's files are in %s", files)
	} else {
		defer os.RemoveAll(files)
	}
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

// start builds the program, and starts PortOne, Redis and the workers. What it returns stops those
// that were started, the last one first, also after an error: workers end before the servers that
// they call.
func (k *soak) start(ctx context.Context) (stop func(), err error) {
	var stops []func()
	stop = func() {
		for i := len(stops) - 1; i >= 0; i-- {
			stops[i]()
		}
	}
	// go-redis would log every connection that breaks while Redis is down.
	redis.SetLogger(silent{}) // what fails is noticed by whoever asked for it
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

	// -fsync replaces everysec.
	logs := filepath.Join(k.files, "redis.log")
	k.redis, err = benchredis.Start(ctx, k.files, "--appendfsync", k.fsync, "--logfile", logs)
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

// silent is the Redis client's log.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

// environment returns the workers' settings: the default ones, but for a
// schedule that is scaled from hours to a minute: its 19 delays come to 48 s (200 ms, 400 ms, 800 ms,
// 1.6 s and 15 times 3 s), where the default's come to 10 h 43 min.
//
// A call may take 2 s, less than the 5 s of the answers and effects that faults delay. So no
// request becomes dead before 20 s, ten timeouts, have passed since a DELETE that may have worked
// unseen.
func (k *soak) environment(url string) []string {
	return []string{
		"REDIS_URL=redis://" + k.redis.Addr + "/0",
		"IAMPORT_URL=" + url,
		"IMP_KEY=" + iamporttest.DefaultKey,
		"IMP_SECRET=" + iamporttest.DefaultSecret,
		"REVOKER_CONCURRENCY=" + strconv.Itoa(k.slots),
		"REVOKER_TIMEOUT=2s",
		"REVOKER_RETRY_ATTEMPTS=20",
		"REVOKER_RETRY_BASE=200ms",
		"REVOKER_RETRY_MAX=3s",
		"REVOKER_LOG_FORMAT=json",
		"REVOKER_HTTP=" + workerHTTP,
	}
}

// workerHTTP is where a worker serves HTTP: nowhere, since there are several, and nothing asks them.
const workerHTTP = "off"

// carryOut requests, disrupts and interferes at the same time, waits until all is calm, and gathers
// the evidence. Where the time of the run is over, the evidence is gathered all the same, so that the
// report names what is stuck; where a person ends the run, it is not.
func (k *soak) carryOut(ctx context.Context) (evidence, error) {
	k.say("%d imp_uids in %d bursts, %d disruptions, %d deeds of people",
		k.tasks, len(k.plan.asks), len(k.plan.disruptions), len(k.plan.deeds))
	k.began = time.Now()
	var found evidence
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
	// All is requested and every disruption is over. Which lines of cancelled batches were recorded
	// has to be known first: these have to end too.
	if err := k.acceptRecorded(ctx); err != nil {
		return found, err
	}
	k.awaitCalm(ctx, &found)
	if errors.Is(ctx.Err(), context.Canceled) {
		return found, context.Cause(ctx)
	}
	// A worker that still ran could change what is read.
	k.workers.stop(context.WithoutCancel(ctx))
	found.total = time.Since(k.began)
	return found, k.gather(context.WithoutCancel(ctx), &found)
}
