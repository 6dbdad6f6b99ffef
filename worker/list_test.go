package worker_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker"
	"receiptrevoker/worker/backoff"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/iamport/iamporttest"
)

// fails lets every DELETE for the receipts fail as a payment gateway's failure.
func (b *bench) fails(all []tasks.Revocation) {
	for _, r := range all {
		b.portone.Inject(iamporttest.Rule{ImpUID: r.ImpUID, Fault: iamporttest.GatewayFailed})
	}
}

// neverClosed reports an error if a gate of this process has ever closed.
func neverClosed(t *testing.T, w *worker.Worker) {
	t.Helper()
	for name, state := range w.Gates() {
		if state.Closures > 0 || state.Closed {
			t.Errorf("the gate of %s has closed %d times, which is now %+v", name, state.Closures, state)
		}
	}
}

// A list that somebody has worked off by hand: its gateway refuses every receipt,
// and is not down.
func TestReceiptsRevokedByHandEndWithTheirFirstCall(t *testing.T) {
	t.Parallel()
	for _, pg := range []tasks.Gateway{tasks.KCP, ""} { // it is looked up where nobody says on which gateway it is
		t.Run(string(pg), func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				b := newBench(t, client, iamporttest.Config{})
				all := b.issued(t, 4*few, pg, "b")
				for _, r := range all {
					b.revoke(t, r.ImpUID)
				}
				w, _ := b.startWorker(t, oneSpare, func(config *worker.Config) { config.Gate.Receipts = few })
				for _, r := range all {
					o := b.await(t, r.ImpUID, terminal)
					if o.Reason != outcome.ReasonAlreadyRevoked || o.Attempts != 1 {
						t.Errorf("%s is %s: %s after %d attempts", r.ImpUID, o.Status, o.Reason, o.Attempts)
					}
				}
				neverClosed(t, w)
			})
		})
	}
}

// Receipts that fail for ever hold up no others of their gateway, however many they
// are, and make their own calls.
func TestFailingReceiptsHoldUpNoOthers(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{Latency: iamporttest.Latency{Median: time.Millisecond}})
		var bad, good []tasks.Revocation
		for i := range 4 { // in turn, so that each failure follows and precedes a success
			batch := string(rune('a' + i))
			bad = append(bad, b.issued(t, 20, tasks.KCP, "bad"+batch)...)
			good = append(good, b.issued(t, 5, tasks.KCP, "good"+batch)...)
		}
		b.fails(bad)
		w, _ := b.startWorker(t, func(config *worker.Config) { config.Concurrency, config.Gate.Receipts = 10, 40 })
		b.revoked(t, good)
		for _, r := range bad {
			if o := b.await(t, r.ImpUID, terminal); o.Reason != outcome.ReasonAttemptsExhausted || o.Attempts != 4 {
				t.Errorf("%s is %s: %s after %d attempts", r.ImpUID, o.Status, o.Reason, o.Attempts)
			}
		}
		neverClosed(t, w)
	})
}

// Where every receipt fails, the list comes to an end: after the gate's patience,
// each makes the calls of its schedule.
func TestHopelessListComesToItsEnd(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{})
		all := b.issued(t, 4*few, tasks.KCP, "b")
		b.fails(all)
		const patience = 3 * time.Second
		began := time.Now()
		w, _ := b.startWorker(t, func(config *worker.Config) {
			config.Gate = gate.Config{Receipts: few, Patience: patience, Probe: 20 * time.Millisecond}
		})
		eventually(t, "the gate is closed", func() bool { return b.closed(t, "kcp") })
		for _, r := range all {
			if o := b.await(t, r.ImpUID, terminal); o.Reason != outcome.ReasonAttemptsExhausted || o.Attempts != 4 {
				t.Errorf("%s is %s: %s after %d attempts", r.ImpUID, o.Status, o.Reason, o.Attempts)
			}
		}
		if took := time.Since(began); took < patience {
			t.Errorf("it ended after %v, before the gate's patience", took)
		}
		if state := w.Gates()["kcp"]; state.Closed || !state.Waived {
			t.Errorf("the gate is %+v, want it waived", state)
		}
		// It stays so until something succeeds.
		b.revoked(t, b.issued(t, 10, tasks.KCP, ""))
		eventually(t, "the gate is as ever", func() bool { return !w.Gates()["kcp"].Waived })
	})
}

// A closed gate is probed with what is likeliest to succeed.
func TestProbesTakeWhatIsLikeliestToSucceed(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		probed := make(chan string, 100)
		b := newBench(t, client, iamporttest.Config{OnCall: func(call iamporttest.Call) {
			if call.Operation == iamporttest.OpRevoke {
				probed <- call.ImpUID
			}
		}})
		next := func() string {
			select {
			case impUID := <-probed:
				return impUID
			case <-time.After(patience):
				t.Fatal("there is no probe")
				return ""
			}
		}
		client.SAdd(t.Context(), "asynq:queues", tasks.Queue{PG: tasks.KCP}.Name()) // as if it had been used
		bad := b.issued(t, few, tasks.KCP, "bad")
		b.fails(bad)
		b.start(t, func(config *worker.Config) {
			config.Schedule = backoff.Schedule{Base: time.Hour, Max: time.Hour}
			config.Gate = gate.Config{Receipts: few, Probe: 700 * time.Millisecond, ProbeMax: 700 * time.Millisecond}
		})
		eventually(t, "the gate is closed and its queues are paused", func() bool {
			return b.closed(t, "kcp") &&
				client.Exists(t.Context(), "asynq:{receipts-kcp}:paused", "asynq:{receipts-bulk-kcp}:paused").Val() == 2
		})
		for range 2 * few { // those that closed it, and once more as a sample of what waits
			next()
		}
		single := b.issued(t, 2, tasks.KCP, "")
		bulk := b.issued(t, 1, tasks.KCP, "bulk")
		b.fails(append(bulk, single...))
		got := []string{next(), next(), next()}
		if got[0] == got[2] || got[1] != bulk[0].ImpUID {
			t.Errorf("it was probed with %v, want a single one, that of the batch, and the other single one", got)
		}
		for range few { // then those that failed, each once before any a second time
			got = append(got, next())
		}
		seen := make(map[string]bool)
		for _, impUID := range got {
			if seen[impUID] {
				t.Errorf("%s is probed with twice in %v", impUID, got)
			}
			seen[impUID] = true
		}
	})
}

// A receipt that PortOne turns away for itself is not called for by every probe of its gateway's gate: its own schedule
// says when.
func TestReceiptsThatAreTurnedAwayAreSeldomProbedWith(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		const closing = 3
		b := newBench(t, client, iamporttest.Config{})
		refused := func() int { return b.portone.Stats().Calls[iamporttest.OpRevoke][403] }
		b.start(t, func(config *worker.Config) {
			config.Schedule = backoff.Schedule{Base: time.Hour, Max: time.Hour}
			config.Gate = gate.Config{Receipts: closing, Probe: 50 * time.Millisecond, ProbeMax: 50 * time.Millisecond}
		})
		b.portone.SetOutage(tasks.KCP, true)
		all := b.issued(t, closing, tasks.KCP, "late")
		eventually(t, "the gate is closed", func() bool { return b.closed(t, "kcp") })
		for _, r := range all {
			b.portone.Inject(iamporttest.Rule{ImpUID: r.ImpUID, Fault: iamporttest.Forbidden})
		}
		b.portone.SetOutage(tasks.KCP, false)
		eventually(t, "each was turned away", func() bool { return refused() >= closing })
		time.Sleep(3 * time.Second)            // for sixty probes
		if got := refused(); got > 2*closing { // once each when they were chosen, and once by their schedule
			t.Errorf("%d receipts were called for %d times", closing, got)
		}
	})
}

// Receipts that PortOne turns away for themselves tell nothing of their gateway: a probe goes
// on to those that failed before its last success. Else its gate would stay closed for as
// long as the others are not given up.
func TestReceiptsThatAreTurnedAwayKeepNoGateClosed(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		const closing = 3
		var deletes atomic.Int64
		b := newBench(t, client, iamporttest.Config{OnCall: func(call iamporttest.Call) {
			if call.Operation == iamporttest.OpRevoke {
				deletes.Add(1)
			}
		}})
		b.start(t, func(config *worker.Config) {
			config.Schedule = backoff.Schedule{Base: time.Hour, Max: time.Hour}
			config.Gate = gate.Config{Receipts: closing, Probe: time.Second, ProbeMax: time.Second}
		})
		b.portone.SetOutage(tasks.KCP, true)
		early := b.issued(t, 1, tasks.KCP, "early")
		eventually(t, "it has failed", func() bool { return deletes.Load() == 1 })
		b.portone.SetOutage(tasks.KCP, false)
		b.revoked(t, b.issued(t, 1, tasks.KCP, "good"))
		b.portone.SetOutage(tasks.KCP, true)
		late := b.issued(t, closing, tasks.KCP, "late")
		eventually(t, "the gate is closed, and was probed with a sample", func() bool {
			return b.closed(t, "kcp") && deletes.Load() >= 2+2*closing+1
		})
		for _, r := range late {
			b.portone.Inject(iamporttest.Rule{ImpUID: r.ImpUID, Fault: iamporttest.Forbidden})
		}
		b.portone.SetOutage(tasks.KCP, false)
		b.revoked(t, early)
	})
}
