package worker_test

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker"
	"receiptrevoker/worker/backoff"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/iamport"
	"receiptrevoker/worker/iamport/iamporttest"
)

// bench is a worker between a Redis and a simulated PortOne.
type bench struct {
	client   redis.UniversalClient
	portone  *iamporttest.Server
	url      string
	outcomes *outcome.Store
	key      iamport.Secret
	secret   iamport.Secret
}

func newBench(t testing.TB, client redis.UniversalClient, config iamporttest.Config) *bench {
	t.Helper()
	portone := iamporttest.New(config)
	server := httptest.NewServer(portone)
	t.Cleanup(server.Close)
	t.Cleanup(func() { _ = portone.Close() })
	return &bench{
		client: client, portone: portone, url: server.URL,
		outcomes: outcome.NewStore(client, outcome.Config{}),
		key:      iamporttest.DefaultKey, secret: iamporttest.DefaultSecret,
	}
}

// start runs a worker until the returned function is called, which waits for
// its end.
func (b *bench) start(t *testing.T, changes ...func(*worker.Config)) (stop func()) {
	_, stop = b.startWorker(t, changes...)
	return stop
}

func (b *bench) startWorker(t *testing.T, changes ...func(*worker.Config)) (w *worker.Worker, stop func()) {
	t.Helper()
	w = b.worker(t, changes...)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	stop = func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
		done <- nil
	}
	t.Cleanup(stop)
	return w, stop
}

// worker returns a worker that does not run yet.
func (b *bench) worker(t testing.TB, changes ...func(*worker.Config)) *worker.Worker {
	t.Helper()
	api, err := iamport.NewClient(iamport.Config{
		URL: b.url, Key: b.key, Secret: b.secret, Timeout: time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	config := worker.Config{
		Redis: b.client, API: api, Outcomes: b.outcomes, Poll: 50 * time.Millisecond,
		Schedule: backoff.Schedule{Attempts: 4, Base: time.Millisecond, Max: 2 * time.Millisecond},
		Gate:     gate.Config{Probe: 20 * time.Millisecond, ProbeMax: 50 * time.Millisecond},
		Log:      slog.New(slog.DiscardHandler), ShutdownTimeout: 20 * time.Second, Sweep: 250 * time.Millisecond,
		UnseenFor: 1, // most tests wait for no DELETE that is still at work
	}
	for _, change := range changes {
		change(&config)
	}
	w, err := worker.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// enqueue asks for revocations, as this project's producers do.
func (b *bench) enqueue(t testing.TB, revocations ...tasks.Revocation) {
	t.Helper()
	queue := asynqkeys.Producer{
		Redis: b.client, Asynq: asynq.NewClientFromRedisClient(b.client), Namespace: b.outcomes.Namespace(),
	}
	for _, r := range revocations {
		if _, err := b.outcomes.Ask(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if _, err := queue.Enqueue(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
}

// enqueueAlone enqueues revocations as other producers do, which record nothing.
func (b *bench) enqueueAlone(t testing.TB, revocations ...tasks.Revocation) {
	t.Helper()
	client := asynq.NewClientFromRedisClient(b.client)
	for _, r := range revocations {
		task, err := tasks.NewTask(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.EnqueueContext(t.Context(), task); err != nil {
			t.Fatal(err)
		}
	}
}

// revoke revokes a receipt without anybody recording it.
func (b *bench) revoke(t *testing.T, impUID string) {
	t.Helper()
	api, err := iamport.NewClient(iamport.Config{URL: b.url, Key: iamporttest.DefaultKey, Secret: iamporttest.DefaultSecret})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := api.RevokeReceipt(t.Context(), impUID); err != nil {
		t.Fatal(err)
	}
}

// patience is how long a test waits for what must come. Where the reply to
// Asynq's own dequeuing is lost, the task is taken up again after its lease, as
// much again for clocks that differ, and a round of Asynq's recoverer: two
// minutes in all.
const patience = 150 * time.Second

// await returns the outcome of an imp_uid once it satisfies until.
func (b *bench) await(t *testing.T, impUID string, until func(outcome.Outcome) bool) outcome.Outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		o, err := b.outcomes.Get(ctx, impUID)
		if err == nil && until(o) {
			return o
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s did not get there: last seen %+v, %v", impUID, o, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func terminal(o outcome.Outcome) bool { return o.Status.Terminal() }
