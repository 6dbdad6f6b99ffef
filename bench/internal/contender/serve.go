package contender

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/pprof"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/internal/benchredis"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker"
	"receiptrevoker/worker/backoff"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/iamport"
	"receiptrevoker/worker/iamport/iamporttest"
	"receiptrevoker/worker/metrics"
)

// Job is what a contender works on, and with what. It crosses a pipe as JSON, so that all its fields
// are exported.
type Job struct {
	Kind      Kind
	RedisAddr string           // host and port
	URL       string           // of PortOne
	Token     string           // for the bare handler, which obtains none
	Slots     int              // calls at a time of each gateway; 0 for the worker's default
	Gateways  []tasks.Gateway  // that a bare handler serves
	Profile   string           // file for a CPU profile; empty for none
	Schedule  backoff.Schedule // zero for the default
	Gate      gate.Config      // of the worker; zero for the default
}

// Serve does all that a process does that [Start] has started, and does not return there: it reads its
// job from its standard input and works until that ends. In any other process it does nothing, so that
// main and TestMain call it first.
func Serve() {
	if os.Getenv(childEnv) == "" {
		return
	}
	if err := serve(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// serve reads a job and carries it out until stdin ends.
func serve(stdin io.Reader) error {
	var j Job
	if err := json.NewDecoder(stdin).Decode(&j); err != nil {
		return fmt.Errorf("read the job: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	// This goroutine lives as long as the process.
	go func() {
		_, _ = io.Copy(io.Discard, stdin)
		stop()
	}()
	if j.Profile != "" {
		file, err := os.Create(j.Profile)
		if err != nil {
			return err
		}
		defer file.Close()
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	client := redis.NewClient(benchredis.Options(j.RedisAddr))
	defer client.Close()
	if j.Kind.Bare() {
		return serveBare(ctx, j, client)
	}
	return serveWorker(ctx, j, client)
}

// serveWorker runs the worker as the program revoker does, with its metrics, and with its log in JSON
// to nowhere: that a line is made is part of what a revocation costs, and where it goes is not.
func serveWorker(ctx context.Context, j Job, client redis.UniversalClient) error {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	slots := j.Slots
	if slots == 0 {
		slots = worker.DefaultConcurrency
	}
	figures := metrics.New()
	client.AddHook(figures.Hook())
	// Every gateway has slots of its own, and so has the common queue: each of them may make a call at
	// the same time.
	api, err := iamport.NewClient(iamport.Config{
		URL: j.URL, Key: iamporttest.DefaultKey, Secret: iamporttest.DefaultSecret,
		Connections: slots * (len(tasks.Gateways()) + 1), OnCall: figures.OnCall,
	})
	if err != nil {
		return err
	}
	w, err := worker.New(worker.Config{
		Redis: client, API: api, Outcomes: outcome.NewStore(client, outcome.Config{}), Concurrency: slots,
		OnAttempt: figures.OnAttempt, Schedule: j.Schedule, Gate: j.Gate,
		Log: slog.New(slog.NewJSONHandler(null, &slog.HandlerOptions{Level: slog.LevelInfo})),
	})
	if err != nil {
		return err
	}
	return w.Run(ctx)
}
