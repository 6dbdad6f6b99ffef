package worker_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/bench/redistest/scale"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/iamport"
	"receiptrevoker/worker/iamport/iamporttest"
	"receiptrevoker/worker/pause"
)

// effective is how long after a pause a DELETE may still arrive.
const effective = 2 * time.Second

// pauseAll pauses every queue as "revoker queue pause --all" does.
func (b *bench) pauseAll(t *testing.T) {
	t.Helper()
	var names []string
	for _, q := range tasks.Queues("") {
		names = append(names, q.Name())
	}
	b.pause(t, names...)
}

func (b *bench) pause(t *testing.T, queues ...string) {
	t.Helper()
	if _, err := pause.NewStore(b.client, "").ForPerson(t.Context(), queues, "kim@ops", "test"); err != nil {
		t.Fatal(err)
	}
}

// resumeAll resumes what is paused.
func (b *bench) resumeAll(t *testing.T) {
	t.Helper()
	store := gate.NewStore(b.client, "")
	pauses, err := store.Pauses(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pauses {
		if _, _, err := store.Resume(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
}

// TestNoDeleteLeavesAfterAPause pauses everything at a random moment while three workers
// take from eleven gateways, of which some get their first request afterwards.
func TestNoDeleteLeavesAfterAPause(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		latency time.Duration
		rate    float64
		named   bool // each attempt looks the receipt up first
	}{
		"as ever":           {},
		"with slow lookups": {latency: 3 * time.Second, named: true},
		"with a rate":       {rate: 100},
	} {
		for seed := range scale.Of[uint64](1, 3) {
			t.Run(fmt.Sprintf("%s, seed %d", name, seed), func(t *testing.T) {
				t.Parallel()
				var last atomic.Int64
				portone := iamporttest.Config{OnCall: func(call iamporttest.Call) {
					if call.Operation == iamporttest.OpRevoke {
						last.Store(time.Now().UnixNano())
					}
				}}
				portone.Latency.Median = test.latency
				b := newBench(t, redistest.Start(t).Client(t), portone)
				for range 3 {
					b.start(t, func(config *worker.Config) {
						config.Gate.Rate.All, config.API = test.rate, b.api(t, 10*time.Second)
					})
				}
				random := rand.New(rand.NewPCG(seed, seed))
				end := make(chan struct{})
				var producing sync.WaitGroup
				producing.Go(func() { b.produce(t, test.named, end) })
				eventually(t, "the first DELETE arrives", func() bool { return last.Load() > 0 })
				time.Sleep(time.Duration(random.IntN(2000)) * time.Millisecond)
				b.pauseAll(t)
				returned := time.Now()
				time.Sleep(effective + time.Second) // that much is enqueued afterwards
				close(end)
				producing.Wait()
				if late := time.Unix(0, last.Load()).Sub(returned); late > effective {
					t.Errorf("a DELETE arrived %v after the pause", late)
				}
				b.resumeAll(t)
				before := last.Load()
				eventually(t, "calls go on", func() bool { return last.Load() > before })
			})
		}
	}
}

// api returns a client of PortOne whose calls may take so long.
func (b *bench) api(t *testing.T, timeout time.Duration) *iamport.Client {
	t.Helper()
	api, err := iamport.NewClient(iamport.Config{URL: b.url, Key: b.key, Secret: b.secret, Timeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	return api
}

// produce asks for receipts until end, of a gateway more with every hundred.
func (b *bench) produce(t *testing.T, named bool, end <-chan struct{}) {
	for n := 0; ; n++ {
		select {
		case <-end:
			return
		default:
		}
		pgs := tasks.Gateways()
		r := tasks.Revocation{ImpUID: fmt.Sprintf("imp_%012d", n), PG: pgs[n%min(1+n/100, len(pgs))]}
		if n%3 == 0 {
			r.Batch, r.Row = "refunds", n+1
		}
		receipt := iamporttest.Receipt{ImpUID: r.ImpUID, PG: r.PG, ApplyNum: "1"}
		if named && r.PG.LooksUp() {
			r.ApplyNum = receipt.ApplyNum
		}
		b.portone.Issue(receipt)
		b.enqueueAlone(t, r)
	}
}

func TestPauseBetweenLookupAndDelete(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		queue  string
		called bool
	}{
		"of its own queue":      {queue: "receipts-kcp"},
		"of its gateway's bulk": {queue: "receipts-bulk-kcp", called: true},
		"of another gateway":    {queue: "receipts-nice", called: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				looked, paused := make(chan struct{}), make(chan struct{})
				var once sync.Once
				b := newBench(t, client, iamporttest.Config{OnCall: func(call iamporttest.Call) {
					if call.Operation == iamporttest.OpLookup {
						once.Do(func() { close(looked); <-paused })
					}
				}})
				b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: tasks.KCP, ApplyNum: "1"})
				b.enqueue(t, tasks.Revocation{ImpUID: one, PG: tasks.KCP, ApplyNum: "1"})
				b.start(t, func(config *worker.Config) { config.API = b.api(t, time.Minute) })
				<-looked
				b.pause(t, test.queue)
				time.Sleep(effective) // by then every process knows
				close(paused)
				if test.called {
					if o := b.await(t, one, terminal); o.Status != outcome.Revoked {
						t.Errorf("got %+v", o)
					}
					return
				}
				o := b.await(t, one, func(o outcome.Outcome) bool { return o.Reason != "" })
				if o.Reason != outcome.ReasonGatewayPaused || o.Attempts != 0 || o.Message != "receipts-kcp is paused by kim@ops: test" {
					t.Errorf("got %+v, want it paused and no attempt counted", o)
				}
				eventually(t, "its task waits in its queue", func() bool {
					return client.LLen(t.Context(), "asynq:{receipts-kcp}:pending").Val() == 1
				})
				b.resumeAll(t)
				o = b.await(t, one, terminal)
				if o.Status != outcome.Revoked || o.Attempts != 1 {
					t.Errorf("got %+v", o)
				}
			})
		})
	}
}

func TestWorkerThatStartsWhileAllIsPausedCallsNothing(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		var deletes atomic.Int64
		b := newBench(t, client, iamporttest.Config{OnCall: func(call iamporttest.Call) {
			if call.Operation == iamporttest.OpRevoke {
				deletes.Add(1)
			}
		}})
		b.pauseAll(t)
		all := append(b.issued(t, 20, tasks.KCP, ""), b.issued(t, 20, tasks.Welcome, "refunds")...)
		// The queue of a gateway that only a newer producer knows.
		unknown := tasks.Revocation{ImpUID: one, PG: "tomorrow"}
		b.portone.Issue(iamporttest.Receipt{ImpUID: one})
		task, err := tasks.NewTask(unknown)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := asynq.NewClientFromRedisClient(client).EnqueueContext(t.Context(), task, asynq.Queue("receipts-tomorrow")); err != nil {
			t.Fatal(err)
		}
		b.start(t)
		eventually(t, "the task of no known queue was taken up and put back", func() bool {
			return client.ZCard(t.Context(), "asynq:{receipts-tomorrow}:retry").Val() == 1
		})
		if n := deletes.Load(); n != 0 {
			t.Errorf("%d DELETE calls", n)
		}
		b.resumeAll(t)
		b.revoked(t, append(all, unknown))
	})
}
