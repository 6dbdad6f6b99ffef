package worker_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/iamport/iamporttest"
)

func TestGateThatClosesBeforeTheDeleteIsTheReason(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		lookup, closed := make(chan struct{}), make(chan struct{})
		var once sync.Once
		b := newBench(t, client, iamporttest.Config{OnCall: func(call iamporttest.Call) {
			if call.Operation == iamporttest.OpLookup && call.ImpUID == one {
				once.Do(func() { close(lookup) })
				<-closed
			}
		}})
		b.portone.SetOutage(tasks.KCP, true)
		r := tasks.Revocation{ImpUID: one, PG: tasks.KCP}
		b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: tasks.KCP})
		if _, err := b.outcomes.Begin(t.Context(), r, time.Nanosecond); err != nil { // by a process that died
			t.Fatal(err)
		}
		time.Sleep(2 * time.Millisecond) // its lease is over
		b.enqueue(t, r)
		b.start(t, func(config *worker.Config) {
			config.Gate = gate.Config{Receipts: few, Probe: time.Hour}
			config.Sweep = time.Hour           // which would look it up as well
			config.API = b.api(t, time.Minute) // the lookup waits for the gate
		})
		<-lookup
		b.issued(t, 15, tasks.KCP, "")
		eventually(t, "the process knows that the gate is closed, and has paused the queue", func() bool {
			return client.Exists(t.Context(), "asynq:{receipts-kcp}:paused").Val() == 1
		})
		close(closed)
		o := b.await(t, one, func(o outcome.Outcome) bool { return o.Reason != "" })
		if o.Status != outcome.Retrying || o.Reason != outcome.ReasonGatewayPaused || o.Attempts != 1 {
			t.Errorf("got %+v, want it paused, and no attempt counted but the first", o)
		}
		if truth, _ := b.portone.Truth(one); truth.Deletes != 0 {
			t.Errorf("%d DELETE calls, want none", truth.Deletes)
		}
	})
}

func TestRateBoundsTheCallsOfAllWorkers(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		var first, calls atomic.Int64
		const rate = 40
		b := newBench(t, client, iamporttest.Config{OnCall: func(call iamporttest.Call) {
			if call.Operation != iamporttest.OpRevoke {
				return
			}
			first.CompareAndSwap(0, time.Now().UnixNano())
			since := time.Since(time.Unix(0, first.Load()))
			// Calls that were let through may pile up on their way for a moment.
			if n := calls.Add(1); float64(n) > rate*(since.Seconds()+0.25)+1 {
				t.Errorf("call %d after %v, at %d a second", n, since, rate)
			}
		}})
		limited := func(config *worker.Config) {
			config.Gate.Rate = gate.Rate{Gateway: map[tasks.Gateway]float64{tasks.Inicis: rate}}
		}
		all := b.issued(t, 150, tasks.Inicis, "")
		b.start(t, limited)
		b.start(t, limited)
		if burned := b.revoked(t, all); burned != 0 {
			t.Errorf("waiting burned %d attempts", burned)
		}
		took := time.Since(time.Unix(0, first.Load()))
		if most := 3 * 150 * time.Second / rate; took > most {
			t.Errorf("it took %v, want the rate used: at most %v", took, most)
		}
	})
}
