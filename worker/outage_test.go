package worker_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker"
	"receiptrevoker/worker/backoff"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/iamport/iamporttest"
)

// issued enqueues revocations of receipts that were issued.
func (b *bench) issued(t *testing.T, count int, pg tasks.Gateway, batch string) []tasks.Revocation {
	t.Helper()
	var all []tasks.Revocation
	for i := range count {
		r := tasks.Revocation{ImpUID: fmt.Sprintf("imp_%s%s_%d", pg, batch, i), PG: pg, Batch: batch}
		b.portone.Issue(iamporttest.Receipt{ImpUID: r.ImpUID, PG: pg})
		all = append(all, r)
	}
	b.enqueue(t, all...)
	return all
}

// revoked waits until all are revoked and returns how many attempts more than
// one each were counted.
func (b *bench) revoked(t *testing.T, all []tasks.Revocation) (burned int) {
	t.Helper()
	for _, r := range all {
		o := b.await(t, r.ImpUID, terminal)
		if o.Status != outcome.Revoked {
			t.Errorf("%s is %s: %s after %d attempts", r.ImpUID, o.Status, o.Reason, o.Attempts)
		}
		burned += max(o.Attempts-1, 0)
	}
	return burned
}

func (b *bench) closed(t *testing.T, name gate.Name) bool {
	t.Helper()
	return b.gate(t, name).Closed
}

func (b *bench) gate(t *testing.T, name gate.Name) gate.State {
	t.Helper()
	snapshot, err := gate.NewStore(b.client, b.outcomes.Namespace()).Poll(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return snapshot.Gates[name]
}

// few is at how many receipts the gates of small outages close.
const few = 10

// oneSpare lets a receipt live through one failure that counts and not through
// two. The second comes late enough for the gate to close before it, also on a
// busy machine; a gate that opens brings it forward.
func oneSpare(config *worker.Config) {
	config.Schedule = backoff.Schedule{Attempts: 2, Base: 15 * time.Second, Max: 15 * time.Second}
}

func TestOutageBurnsNoAttempts(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{Latency: iamporttest.Latency{Median: 5 * time.Millisecond}})
		b.portone.SetOutage(tasks.KCP, true)
		kcp := slices.Concat(b.issued(t, 120, tasks.KCP, ""), b.issued(t, 120, tasks.KCP, "b"))
		for range 3 {
			b.start(t, oneSpare, func(config *worker.Config) { config.Gate.Receipts = few })
		}
		eventually(t, "the gate is closed", func() bool { return b.closed(t, "kcp") })
		b.revoked(t, b.issued(t, 20, tasks.Nice, "")) // which is as ever
		before := b.portone.Stats().DuringOutage
		eventually(t, "ten probes fail", func() bool { return b.portone.Stats().DuringOutage >= before+10 })
		calls, probes := b.portone.Stats().DuringOutage, 85+10 // the first tries many receipts
		if most := few + 3*worker.DefaultConcurrency + probes; calls > most {
			t.Errorf("%d calls to a dead gateway, want at most %d", calls, most)
		}
		b.portone.SetOutage(tasks.KCP, false)
		if burned := b.revoked(t, kcp); burned > few {
			t.Errorf("%d attempts were burned, want only those that closed the gate", burned)
		}
		eventually(t, "the queues are resumed", func() bool {
			return client.Exists(t.Context(), "asynq:{receipts-kcp}:paused").Val()+client.Exists(t.Context(), "asynq:{receipts-bulk-kcp}:paused").Val() == 0
		})
		for truth := range b.portone.Truths() {
			if truth.Effective != 1 {
				t.Errorf("%s was revoked %d times", truth.ImpUID, truth.Effective)
			}
		}
	})
}

// All that waited behind a closed gate is cancelled: nothing has succeeded, so that it stays closed.
// The next request is the probe, and is called within an interval.
func TestGateOfCancelledRequestsStaysClosed(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{})
		b.portone.SetOutage(tasks.KCP, true)
		all := b.issued(t, 2*few, tasks.KCP, "")
		b.start(t, oneSpare, func(config *worker.Config) { config.Gate.Receipts = few })
		eventually(t, "the gate is closed", func() bool { return b.closed(t, "kcp") })
		for _, r := range all {
			if _, err := b.outcomes.Cancel(t.Context(), []string{r.ImpUID}, false); err != nil {
				t.Fatal(err)
			}
		}
		for _, r := range all {
			b.await(t, r.ImpUID, terminal)
		}
		ended := b.gate(t, "kcp").NextProbe
		eventually(t, "two probes find nothing", func() bool {
			s := b.gate(t, "kcp")
			return !s.Closed || s.NextProbe.After(ended.Add(time.Second))
		})
		if !b.closed(t, "kcp") {
			t.Error("the gate has opened although nothing has succeeded")
		}
		eventually(t, "their tasks are gone", func() bool {
			return client.LLen(t.Context(), "asynq:{receipts-kcp}:pending").Val()+client.ZCard(t.Context(), "asynq:{receipts-kcp}:retry").Val() == 0
		})
		before := b.portone.Stats().DuringOutage
		late := b.issued(t, 1, tasks.KCP, "late")[0]
		eventually(t, "it is probed with", func() bool { return b.portone.Stats().DuringOutage > before })
		b.portone.SetOutage(tasks.KCP, false)
		if o := b.await(t, late.ImpUID, terminal); o.Status != outcome.Revoked || o.Attempts != 1 {
			t.Errorf("it is %+v; want it revoked by an attempt that counts", o)
		}
	})
}

// While receipts of a gateway only fail, a first retry waits longer, so that its gate
// decides before it: one after another, the first ten do not.
func TestFirstRetryWaitsWhereOnlyFailuresAreSeen(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{})
		b.portone.SetOutage(tasks.KCP, true)
		b.start(t, func(config *worker.Config) { config.Schedule = backoff.Schedule{Base: 10 * time.Second} })
		for i := range gate.Fewest + 5 {
			impUID := b.issued(t, 1, tasks.KCP, fmt.Sprint("b", i))[0].ImpUID
			var o outcome.Outcome
			eventually(t, "it has failed", func() (failed bool) {
				var err error
				o, err = b.outcomes.Get(t.Context(), impUID)
				return err == nil && o.Reason == outcome.ReasonPGFailure
			})
			exact := 10 * time.Second
			if i >= gate.Fewest-1 {
				exact = 20 * time.Second
			}
			if wait := o.NextAttemptAt.Sub(o.UpdatedAt); wait < exact*7/10 || wait > exact*13/10 {
				t.Errorf("failure %d waits for %v, want %v within 20 %%", i+1, wait, exact)
			}
		}
	})
}

// A producer may name a gateway and use the queue without one. The gateway's
// gate holds such tasks back as well.
func TestOutageHoldsBackWhatIsOnAnotherQueue(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{})
		b.portone.SetOutage(tasks.KCP, true)
		var kcp []tasks.Revocation
		queue := asynq.NewClientFromRedisClient(client)
		for i := range 100 {
			r := tasks.Revocation{ImpUID: fmt.Sprintf("imp_%d", i), PG: tasks.KCP}
			b.portone.Issue(iamporttest.Receipt{ImpUID: r.ImpUID, PG: r.PG})
			task, err := tasks.NewTask(r, asynq.Queue(tasks.Queue{}.Name()), asynq.TaskID(r.ImpUID), asynq.MaxRetry(5))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := queue.EnqueueContext(t.Context(), task); err != nil {
				t.Fatal(err)
			}
			kcp = append(kcp, r)
		}
		b.start(t, oneSpare, func(config *worker.Config) {
			config.Gate.Receipts, config.Gate.Probe, config.Sweep = few, 50*time.Millisecond, time.Hour
		})
		eventually(t, "the gate is closed", func() bool { return b.closed(t, "kcp") })
		before := b.portone.Stats().DuringOutage
		eventually(t, "twenty probes fail", func() bool { return b.portone.Stats().DuringOutage >= before+20 })
		b.portone.SetOutage(tasks.KCP, false)
		if burned := b.revoked(t, kcp); burned > few {
			t.Errorf("%d attempts were burned, want only those that closed the gate", burned)
		}
	})
}

func TestOutageOnACluster(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.StartCluster(t), iamporttest.Config{})
	b.portone.SetOutage(tasks.KCP, true)
	kcp := slices.Concat(b.issued(t, 100, tasks.KCP, ""), b.issued(t, 100, tasks.KCP, "b"))
	b.start(t, oneSpare, func(config *worker.Config) { config.Gate.Rate.All, config.Gate.Receipts = 500, few })
	eventually(t, "the gate is closed", func() bool { return b.closed(t, "kcp") })
	b.revoked(t, b.issued(t, 30, tasks.Nice, ""))
	b.portone.SetOutage(tasks.KCP, false)
	if burned := b.revoked(t, kcp); burned > few {
		t.Errorf("%d attempts were burned, want only those that closed the gate", burned)
	}
}

func TestProcessThatOwnsTheGateDies(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	b := newBench(t, server.Client(t), iamporttest.Config{})
	b.portone.SetOutage(tasks.KCP, true)
	kcp := b.issued(t, 100, tasks.KCP, "")
	proxy := redistest.NewProxy(t, server.Addr)
	b.start(t, oneSpare, func(config *worker.Config) {
		config.Redis = proxy.Client(t)
		config.Outcomes = outcome.NewStore(config.Redis, outcome.Config{})
	})
	eventually(t, "it owns the gate", func() bool { return b.closed(t, "kcp") })
	proxy.Target("127.0.0.1:1") // to all others it is dead
	proxy.Reset()
	b.start(t, oneSpare)
	b.start(t, oneSpare)
	b.portone.SetOutage(tasks.KCP, false)
	began := time.Now()
	eventually(t, "the gate is open", func() bool { return !b.closed(t, "kcp") })
	if took := time.Since(began); took > 8*time.Second {
		t.Errorf("the gate opened %v after the gateway was back", took)
	}
	proxy.Target(server.Addr) // what it had in hand is not lost either
	endLeases(t, b.client)
	b.revoked(t, kcp)
}

func TestReceiptThatAlwaysFailsKeepsNoGateClosed(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{})
		b.portone.SetOutage(tasks.KCP, true)
		good := b.issued(t, 30, tasks.KCP, "")
		bad := b.issued(t, 6, tasks.KCP, "bad")
		for _, r := range bad {
			b.portone.Inject(iamporttest.Rule{ImpUID: r.ImpUID, Fault: iamporttest.GatewayFailed})
		}
		b.start(t, func(config *worker.Config) { config.Gate.Receipts = few })
		eventually(t, "the gate is closed", func() bool { return b.closed(t, "kcp") })
		b.portone.SetOutage(tasks.KCP, false)
		b.revoked(t, good)
		for _, r := range bad {
			if o := b.await(t, r.ImpUID, terminal); o.Reason != outcome.ReasonAttemptsExhausted || o.Attempts != 4 {
				t.Errorf("%s is %s: %s after %d attempts", r.ImpUID, o.Status, o.Reason, o.Attempts)
			}
		}
	})
}

// pickup returns the median of the times from asking for a revocation to its
// call's arrival.
func (b *bench) pickup(t *testing.T, arrived <-chan string, pg tasks.Gateway, batch string) time.Duration {
	t.Helper()
	var waits []time.Duration
	for i := range 41 {
		r := tasks.Revocation{ImpUID: fmt.Sprintf("imp_%s%s_%d", pg, batch, i), PG: pg}
		b.portone.Issue(iamporttest.Receipt{ImpUID: r.ImpUID, PG: pg})
		asked := time.Now()
		b.enqueue(t, r)
		for impUID := range arrived {
			if impUID == r.ImpUID {
				break
			}
		}
		waits = append(waits, time.Since(asked))
	}
	slices.Sort(waits)
	return waits[len(waits)/2]
}

func TestGatewayThatHangsDisturbsNoOther(t *testing.T) {
	t.Parallel()
	const disturbed = 250 * time.Millisecond // a call that hangs takes a second
	arrived := make(chan string, 10_000)
	b := newBench(t, redistest.Start(t).Client(t), iamporttest.Config{
		Faults: []iamporttest.Rule{{PG: tasks.KCP, Fault: iamporttest.SlowAfter, Delay: time.Minute}},
		OnCall: func(call iamporttest.Call) {
			if call.Operation == iamporttest.OpRevoke {
				arrived <- call.ImpUID
			}
		},
	})
	b.start(t, func(config *worker.Config) { config.Gate.Receipts, config.Poll = few, 10*time.Millisecond })
	b.pickup(t, arrived, tasks.Nice, "warm")
	quiet := b.pickup(t, arrived, tasks.Nice, "quiet")
	b.issued(t, 100, tasks.KCP, "")
	for range worker.DefaultConcurrency { // all of its slots hang
		<-arrived
	}
	if hung := b.pickup(t, arrived, tasks.Nice, "hung"); hung > quiet+disturbed {
		t.Errorf("the median pickup is %v while another gateway hangs, and %v else", hung, quiet)
	}
	eventually(t, "timeouts close the gate", func() bool { return b.closed(t, "kcp") })
	if closed := b.pickup(t, arrived, tasks.Nice, "closed"); closed > quiet+disturbed {
		t.Errorf("the median pickup is %v while another gateway's gate is closed, and %v else", closed, quiet)
	}
	b.portone.Clear()
	b.portone.Close() // lets the calls end that hang
}

func TestRetryAfterHoldsEverybody(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var calls []time.Time
	b := newBench(t, redistest.Start(t).Client(t), iamporttest.Config{
		Faults: []iamporttest.Rule{{ImpUID: one, Fault: iamporttest.TooManyRequests, Times: 1, RetryAfter: 3 * time.Second}},
		OnCall: func(call iamporttest.Call) {
			if call.Operation == iamporttest.OpRevoke {
				mu.Lock()
				defer mu.Unlock()
				calls = append(calls, time.Now())
			}
		},
	})
	b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: tasks.KCP})
	b.start(t)
	b.start(t)
	b.enqueue(t, tasks.Revocation{ImpUID: one, PG: tasks.KCP})
	held := func() bool { return b.client.Exists(t.Context(), "{receipt}:hold").Val() == 1 }
	eventually(t, "all are held", held)
	mu.Lock()
	turnedAway := calls[0]
	mu.Unlock()
	nice := b.issued(t, 60, tasks.Nice, "")
	if burned := b.revoked(t, append(nice, tasks.Revocation{ImpUID: one})); burned != 0 {
		t.Errorf("waiting burned %d attempts", burned)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(calls) != 62 {
		t.Errorf("%d calls, want 62", len(calls))
	}
	for i, at := range calls[1:] {
		// Both processes know of it within a fraction of a second.
		if after := at.Sub(turnedAway); after > 500*time.Millisecond && after < 2900*time.Millisecond {
			t.Errorf("call %d was made %v after PortOne asked for 3 s", i+2, after)
		}
	}
}
