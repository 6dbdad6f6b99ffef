package worker_test

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker"
	"receiptrevoker/worker/backoff"
	"receiptrevoker/worker/iamport/iamporttest"
)

// What was cancelled and never called is not called for being archived as well.
func TestCancelledAndArchivedIsWithdrawnWithoutACall(t *testing.T) {
	t.Parallel()
	for name, order := range map[string][]string{
		"cancelled first": {"cancel", "archive"},
		"archived first":  {"archive", "cancel"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				var calls atomic.Int64
				b := newBench(t, client, iamporttest.Config{OnCall: func(c iamporttest.Call) {
					if c.ImpUID == one {
						calls.Add(1)
					}
				}})
				b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: tasks.KCP})
				b.enqueue(t, tasks.Revocation{ImpUID: one, PG: tasks.KCP})
				for _, do := range order {
					var err error
					if do == "cancel" {
						_, err = b.outcomes.Cancel(t.Context(), []string{one}, false)
					} else {
						err = asynq.NewInspectorFromRedisClient(client).ArchiveTask("receipts-kcp", tasks.TaskID(one))
					}
					if err != nil {
						t.Fatal(err)
					}
				}
				b.start(t)
				if o := b.await(t, one, terminal); o.Reason != outcome.ReasonWithdrawn || calls.Load() > 0 {
					t.Errorf("got %+v after %d calls, want it withdrawn without any", o, calls.Load())
				}
			})
		})
	}
}

// What is requested after a cancel is carried out as it is then, by the gate and the queue
// of its gateway, although the task of the earlier request comes first.
func TestRequestAfterACancelIsCarriedOutAsItIs(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		var foreign atomic.Int64
		b := newBench(t, client, iamporttest.Config{OnCall: func(c iamporttest.Call) {
			if c.ImpUID == one && c.Tier != "BBB" {
				foreign.Add(1)
			}
		}})
		b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: tasks.Nice})
		b.askRows(t, "a", []tasks.Revocation{{ImpUID: one, PG: tasks.KCP, Tier: "AAA", ApplyNum: "W"}})
		b.cancelBatch(t, "a")
		if _, err := b.outcomes.Ask(t.Context(), tasks.Revocation{ImpUID: one, PG: tasks.Nice, Tier: "BBB"}); err != nil {
			t.Fatal(err)
		}
		b.start(t) // the producer died before it could enqueue
		o := b.await(t, one, terminal)
		if o.Reason != outcome.ReasonRevoked || o.PG != tasks.Nice || o.Batch != "" || foreign.Load() > 0 {
			t.Errorf("got %+v, and %d calls of another tier", o, foreign.Load())
		}
		queues, err := asynq.NewInspectorFromRedisClient(client).Queues()
		if err != nil || !slices.Contains(queues, "receipts-nice") {
			t.Errorf("the queues are %q, %v, want that of its gateway too", queues, err)
		}
	})
}

// What is requested after a cancel does not wait until the task of the earlier request would
// have been retried.
func TestRequestAfterACancelDoesNotWaitForTheEarlierRetry(t *testing.T) {
	t.Parallel()
	r := tasks.Revocation{ImpUID: one, PG: tasks.KCP}
	for name, again := range map[string]func(*testing.T, *bench){
		"asked for": func(t *testing.T, b *bench) { b.enqueue(t, r) },
		"asked for once the earlier one has ended": func(t *testing.T, b *bench) {
			b.await(t, one, func(o outcome.Outcome) bool { return o.Reason == outcome.ReasonWithdrawn })
			b.enqueue(t, r)
		},
		"asked for by a producer that died then": func(t *testing.T, b *bench) {
			if _, err := b.outcomes.Ask(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				b := newBench(t, client, iamporttest.Config{
					Faults: []iamporttest.Rule{{ImpUID: one, Fault: iamporttest.GatewayFailed, Times: 1}},
				})
				b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: tasks.KCP})
				b.enqueue(t, r)
				b.start(t, func(config *worker.Config) {
					config.Schedule = backoff.Schedule{Base: 30 * time.Minute, Max: 30 * time.Minute}
				})
				eventually(t, "it is to be retried", func() bool {
					return client.ZCard(t.Context(), "asynq:{receipts-kcp}:retry").Val() == 1
				})
				if _, err := b.outcomes.Cancel(t.Context(), []string{one}, false); err != nil {
					t.Fatal(err)
				}
				again(t, b)
				if o := b.await(t, one, func(o outcome.Outcome) bool { return o.Status == outcome.Revoked }); o.Attempts != 1 {
					t.Errorf("got %+v, want it revoked by the first attempt of its own", o)
				}
			})
		})
	}
}

// A task that was archived, and is left of a request that was cancelled, does not end what is
// requested anew.
func TestArchivedTaskOfAnEarlierRequestEndsNoOther(t *testing.T) {
	t.Parallel()
	enqueue := func(t *testing.T, b *bench, r tasks.Revocation) { b.enqueue(t, r) }
	ask := func(t *testing.T, b *bench, r tasks.Revocation) {
		if _, err := b.outcomes.Ask(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range map[string]struct {
		batch string
		anew  tasks.Revocation
		ask   func(*testing.T, *bench, tasks.Revocation)
	}{
		"of another gateway":                          {"", tasks.Revocation{ImpUID: one, PG: tasks.Nice}, enqueue},
		"of another gateway, by a producer that died": {"", tasks.Revocation{ImpUID: one, PG: tasks.Nice}, ask},
		"single, and not of a batch":                  {"b", tasks.Revocation{ImpUID: one, PG: tasks.KCP}, enqueue},
		"single, by a producer that died":             {"b", tasks.Revocation{ImpUID: one, PG: tasks.KCP}, ask},
		"the same, by a producer that died":           {"", tasks.Revocation{ImpUID: one, PG: tasks.KCP}, ask},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				b := newBench(t, client, iamporttest.Config{})
				b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: test.anew.PG})
				r, queue := tasks.Revocation{ImpUID: one, PG: tasks.KCP}, "receipts-kcp"
				if test.batch == "" {
					b.enqueue(t, r)
				} else {
					queue = "receipts-bulk-kcp"
					b.askRows(t, test.batch, []tasks.Revocation{r})
				}
				b.archive(t, queue, one, time.Hour)
				if _, err := b.outcomes.Cancel(t.Context(), []string{one}, false); err != nil {
					t.Fatal(err)
				}
				test.ask(t, b, test.anew)
				w := b.worker(t)
				for range 3 {
					b.due(t, one, time.Hour)
					if err := w.Sweep(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				if o, err := b.outcomes.Get(t.Context(), one); err != nil || o.Status.Terminal() {
					t.Fatalf("after three sweeps: got %+v, %v; want it open", o, err)
				}
				b.start(t)
				if o := b.await(t, one, terminal); o.Reason != outcome.ReasonRevoked || o.Attempts != 1 {
					t.Errorf("got %+v, want it revoked by the first attempt", o)
				}
			})
		})
	}
}

// archive archives a task as a person did so long ago.
func (b *bench) archive(t *testing.T, queue, impUID string, ago time.Duration) {
	t.Helper()
	id := tasks.TaskID(impUID)
	if err := asynq.NewInspectorFromRedisClient(b.client).ArchiveTask(queue, id); err != nil {
		t.Fatal(err)
	}
	at := redis.Z{Score: float64(time.Now().Add(-ago).Unix()), Member: id}
	if err := b.client.ZAdd(t.Context(), "asynq:{"+queue+"}:archived", at).Err(); err != nil {
		t.Fatal(err)
	}
}
