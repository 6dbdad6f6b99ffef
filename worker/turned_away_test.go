package worker_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
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
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/iamport/iamporttest"
)

// turningAway has PortOne turn one imp_uid away, and gives that up soon.
func turningAway(config *worker.Config) {
	config.Schedule = backoff.Schedule{Attempts: 4, Base: 10 * time.Millisecond, Max: 100 * time.Millisecond}
	config.GiveUpAfter = time.Second
}

// others lets PortOne answer about other receipts until the test ends.
func (b *bench) others(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		queue := asynq.NewClientFromRedisClient(b.client)
		for i := 0; ctx.Err() == nil; i++ {
			r := tasks.Revocation{ImpUID: fmt.Sprintf("imp_other_%d", i), PG: tasks.Nice}
			b.portone.Issue(iamporttest.Receipt{ImpUID: r.ImpUID, PG: r.PG})
			if task, err := tasks.NewTask(r); err == nil {
				_, _ = queue.EnqueueContext(ctx, task)
			}
			time.Sleep(50 * time.Millisecond)
		}
	}()
	t.Cleanup(func() { cancel(); <-done })
}

// Twelve hours of the default schedule are few calls.
func TestTurnedAwayForTwelveHoursAreFewCalls(t *testing.T) {
	t.Parallel()
	for range 20 { // the jitter varies
		var tries int
		for passed := time.Duration(0); passed < worker.DefaultGiveUpAfter; tries++ {
			passed += (backoff.Schedule{}).Delay(tries + 1)
		}
		if tries++; tries < 25 || tries >= 60 {
			t.Errorf("%d calls in twelve hours, want under 60", tries)
		}
	}
}

func TestRequestThatAloneIsTurnedAwayEnds(t *testing.T) {
	t.Parallel()
	rule := func(fault iamporttest.Fault, lookup bool) iamporttest.Rule {
		return iamporttest.Rule{ImpUID: one, Fault: fault, Lookup: lookup}
	}
	cut := iamporttest.Rule{ImpUID: one, Fault: iamporttest.CutBefore, Times: 1}
	forbidden, hidden := rule(iamporttest.Forbidden, false), rule(iamporttest.Forbidden, true)
	for name, test := range map[string]struct {
		rules  []iamporttest.Rule
		byHand bool
		pg     tasks.Gateway
		want   outcome.Reason
	}{
		"403":                  {[]iamporttest.Rule{forbidden}, false, tasks.KCP, outcome.ReasonRefused},
		"401":                  {[]iamporttest.Rule{rule(iamporttest.Unauthorized, false)}, false, tasks.KCP, outcome.ReasonRefused},
		"429":                  {[]iamporttest.Rule{rule(iamporttest.TooManyRequests, false)}, false, "", outcome.ReasonRefused},
		"403, lookups as well": {[]iamporttest.Rule{forbidden, hidden}, false, tasks.KCP, outcome.ReasonRefused},
		"revoked by hand":      {[]iamporttest.Rule{forbidden}, true, tasks.KCP, outcome.ReasonAlreadyRevoked},
		"after an answer that was lost": {
			[]iamporttest.Rule{cut, forbidden, rule(iamporttest.TooManyRequests, true)},
			false, tasks.KCP, outcome.ReasonUnconfirmed,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				b := newBench(t, client, iamporttest.Config{Faults: test.rules})
				b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: test.pg})
				if test.byHand {
					b.portone.Revoke(one)
				}
				b.enqueue(t, tasks.Revocation{ImpUID: one, PG: test.pg})
				began := time.Now()
				w, _ := b.startWorker(t, turningAway)
				b.others(t)
				o := b.await(t, one, terminal)
				if o.Reason != test.want {
					t.Errorf("got %s %s, want %s", o.Status, o.Reason, test.want)
				}
				if took := time.Since(began); took < time.Second {
					t.Errorf("it ended after %v", took)
				}
				if counted := min(len(test.rules)/3, 1); o.Attempts != counted { // the DELETE that was cut
					t.Errorf("%d attempts are counted, want %d", o.Attempts, counted)
				}
				neverClosed(t, w)
			})
		})
	}
}

// Where PortOne lets nobody in, or nobody else asks, nothing is given up.
func TestRequestThatIsTurnedAwayWithAllOthersWaits(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{})
		b.portone.Inject(iamporttest.Rule{Fault: iamporttest.Forbidden, PG: tasks.KCP})
		b.startWorker(t, turningAway)
		b.revoked(t, b.issued(t, 1, tasks.Nice, "")) // one was let in before
		all := b.issued(t, 3, tasks.KCP, "")
		time.Sleep(2500 * time.Millisecond) // twice as long as one that is refused alone waits
		for _, r := range all {
			if o := b.await(t, r.ImpUID, func(o outcome.Outcome) bool { return o.Reason != "" }); o.Status.Terminal() {
				t.Errorf("%s is %s: %s", r.ImpUID, o.Status, o.Reason)
			}
		}
		b.portone.Clear()
		b.revoked(t, all)
	})
}

// The next attempt that counts begins anew.
func TestCountedAttemptForgetsThatItWasTurnedAway(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{Faults: []iamporttest.Rule{
			{ImpUID: one, Fault: iamporttest.Forbidden, Times: 5},
			{ImpUID: one, Fault: iamporttest.GatewayFailed, Times: 1},
			{ImpUID: one, Fault: iamporttest.Forbidden},
		}})
		b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: tasks.KCP})
		b.enqueue(t, tasks.Revocation{ImpUID: one, PG: tasks.KCP})
		b.start(t, func(config *worker.Config) {
			config.Schedule = backoff.Schedule{Base: 20 * time.Millisecond, Max: 40 * time.Millisecond}
		})
		kept := func(name string) string { return client.HGet(t.Context(), "{receipt}:outcome:"+one, name).Val() }
		var first string
		eventually(t, "it is turned away", func() bool { first = kept("refused_since"); return first != "" })
		eventually(t, "the gateway fails, and it is turned away again", func() bool {
			since := kept("refused_since")
			return since != "" && since != first
		})
		o := b.await(t, one, func(outcome.Outcome) bool { return true })
		if o.Attempts == 0 || kept("tries") == "" {
			t.Errorf("it has %d attempts and %q tries", o.Attempts, kept("tries"))
		}
	})
}

func TestRetryAfterOfALookupHoldsAllCalls(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t) // the hold must end
	const wait = 2 * time.Second
	var turned atomic.Int64 // when
	var early atomic.Int64
	b := newBench(t, client, iamporttest.Config{
		Faults: []iamporttest.Rule{
			{ImpUID: one, Fault: iamporttest.BadGateway, Times: 1},
			{ImpUID: one, Fault: iamporttest.TooManyRequests, RetryAfter: wait, Lookup: true, Times: 1},
		},
		OnCall: func(call iamporttest.Call) {
			at := turned.Load()
			switch {
			case call.Operation == iamporttest.OpLookup && at == 0:
				turned.Store(time.Now().UnixNano())
			case call.Operation == iamporttest.OpRevoke && at != 0 && time.Since(time.Unix(0, at)) < wait:
				early.Add(1)
			}
		},
	})
	b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: tasks.KCP})
	b.enqueue(t, tasks.Revocation{ImpUID: one, PG: tasks.KCP})
	b.start(t)
	eventually(t, "all calls are held", func() bool { return b.hold(t) > 0 })
	other := b.issued(t, 1, tasks.Nice, "")
	if o := b.await(t, one, terminal); o.Reason != outcome.ReasonRevoked || o.Attempts != 2 {
		t.Errorf("got %s %s after %d attempts, want it revoked by the second", o.Status, o.Reason, o.Attempts)
	}
	b.revoked(t, other)
	if n := early.Load(); n != 0 {
		t.Errorf("%d DELETE calls while all should wait", n)
	}
}

// A page of a proxy is no answer of PortOne's; but if it says to wait, all wait.
func TestRetryAfterOfAProxyHoldsAllCalls(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t) // the hold must end
	b := newBench(t, client, iamporttest.Config{Faults: []iamporttest.Rule{
		{ImpUID: one, Fault: iamporttest.Page(http.StatusTooManyRequests), RetryAfter: time.Second, Times: 1},
	}})
	b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: tasks.KCP})
	b.enqueue(t, tasks.Revocation{ImpUID: one, PG: tasks.KCP})
	b.start(t)
	eventually(t, "all calls are held", func() bool { return b.hold(t) > 0 })
	if o := b.await(t, one, terminal); o.Reason != outcome.ReasonRevoked || o.Attempts != 2 {
		t.Errorf("got %s %s after %d attempts, want it revoked by the second", o.Status, o.Reason, o.Attempts)
	}
}

// One receipt that is turned away with Retry-After each time holds the others once: after
// that it is the receipt that PortOne does not want.
func TestReceiptThatIsAlwaysTurnedAwayHoldsTheOthersOnce(t *testing.T) {
	t.Parallel()
	for name, lookup := range map[string]bool{"DELETE": false, "lookup": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := redistest.Start(t).Client(t) // the hold must end
			var calls, held atomic.Int64
			b := newBench(t, client, iamporttest.Config{
				Faults: []iamporttest.Rule{
					{ImpUID: one, Fault: iamporttest.TooManyRequests, RetryAfter: time.Second, Lookup: lookup},
				},
				OnCall: func(call iamporttest.Call) {
					if call.ImpUID == one && (call.Operation == iamporttest.OpLookup) == lookup {
						calls.Add(1)
					}
				},
			})
			b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: tasks.KCP})
			b.enqueue(t, tasks.Revocation{ImpUID: one, PG: tasks.KCP, Again: lookup})
			b.start(t)
			eventually(t, "all calls are held", func() bool { return b.hold(t) > 0 })
			b.revoked(t, append(b.issued(t, 2, tasks.Nice, ""), b.issued(t, 2, tasks.KCP, "b")...))
			if n := calls.Load(); n != 1 {
				t.Errorf("it was called %d times before those that it held", n)
			}
			eventually(t, "it is turned away twice more", func() bool {
				if b.hold(t) > 0 {
					held.Add(1)
				}
				return calls.Load() == 3
			})
			if n := held.Load(); n > 0 {
				t.Errorf("all calls were held again")
			}
		})
	}
}

// A long Retry-After is the receipt's own; the others wait for a minute, and one line in
// the log says so.
func TestLongRetryAfterHoldsTheOthersForAMinute(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{Faults: []iamporttest.Rule{
			{ImpUID: one, Fault: iamporttest.TooManyRequests, RetryAfter: 50 * time.Minute, Times: 1},
		}})
		b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: tasks.KCP})
		b.enqueue(t, tasks.Revocation{ImpUID: one, PG: tasks.KCP})
		var log lines
		stop := b.start(t, func(config *worker.Config) { config.Log = slog.New(slog.NewTextHandler(&log, nil)) })
		o := b.await(t, one, func(o outcome.Outcome) bool { return o.Reason == outcome.ReasonRateLimited })
		if hold := b.hold(t); hold > time.Minute || hold < 50*time.Second {
			t.Errorf("the others are held for %v, want a minute", hold)
		}
		if left := time.Until(o.NextAttemptAt); left < 49*time.Minute {
			t.Errorf("it comes back in %v, want 50 minutes", left)
		}
		if n := log.count(`level=WARN msg="PortOne wants no calls`); n != 1 {
			t.Errorf("the log says %d times that all wait, want once", n)
		}
		stop()
		// A person who has its task run now, or a gate that opens, does not bring it to PortOne before.
		client.Del(t.Context(), "{receipt}:hold")
		inspector, queue := asynq.NewInspectorFromRedisClient(client), tasks.Queue{PG: tasks.KCP}.Name()
		var retried int
		eventually(t, "its task is run", func() bool { return inspector.RunTask(queue, tasks.TaskID(one)) == nil })
		b.start(t)
		eventually(t, "its task is put back for as long", func() bool {
			task, err := inspector.GetTaskInfo(queue, tasks.TaskID(one))
			if err == nil {
				retried = task.Retried
			}
			return err == nil && task.State == asynq.TaskStateRetry && time.Until(task.NextProcessAt) > 49*time.Minute
		})
		if calls := b.portone.Stats().Calls[iamporttest.OpRevoke][429]; calls != 1 || retried > 0 {
			t.Errorf("%d DELETEs, and %d attempts counted, want one and none", calls, retried)
		}
	})
}

// hold returns for how long all calls are held.
func (b *bench) hold(t *testing.T) time.Duration {
	t.Helper()
	s, err := gate.NewStore(b.client, "").Poll(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s.Hold
}

// PortOne turns every call on a receipt away, and all requests name the receipt they mean: what
// comes before their DELETE tells PortOne's gate.
func TestLookupsThatAreTurnedAwayCloseTheGateOfPortOne(t *testing.T) {
	t.Parallel()
	for _, fault := range []iamporttest.Fault{iamporttest.TooManyRequests, iamporttest.Forbidden} {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			b := newBench(t, redistest.Embedded(t), iamporttest.Config{})
			b.portone.Inject(iamporttest.Rule{Fault: fault, Lookup: true})
			all := b.receipts(20, "imp_named")
			for i := range all {
				all[i].Again = true
			}
			b.enqueue(t, all...)
			b.start(t)
			eventually(t, "PortOne's gate is closed", func() bool { return b.closed(t, gate.PortOne) })
			b.portone.Clear()
			b.revoked(t, all)
		})
	}
}

// Few receipts close no gate. That PortOne turns all of them away is told and makes the worker
// not ready all the same.
func TestNotReadyWhileFewReceiptsAreTurnedAway(t *testing.T) {
	t.Parallel()
	for _, fault := range []iamporttest.Fault{iamporttest.TooManyRequests, iamporttest.Forbidden} {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			b := newBench(t, redistest.Embedded(t), iamporttest.Config{})
			b.portone.Inject(iamporttest.Rule{Fault: fault})
			few := b.issued(t, 3, tasks.KCP, "")
			log := &lines{}
			w, _ := b.startWorker(t, func(config *worker.Config) {
				config.Log = slog.New(slog.NewTextHandler(log, nil))
				config.Schedule = backoff.Schedule{Base: 100 * time.Millisecond, Max: 100 * time.Millisecond}
			})
			eventually(t, "it is not ready", func() bool { return w.Ready(t.Context()) != nil })
			eventually(t, "it is told with what to do", func() bool {
				return log.count(`level=WARN msg="nothing gets through to PortOne`) == 1 && log.count("advice=") == 1
			})
			neverClosed(t, w)
			b.portone.Clear()
			b.revoked(t, few)
			eventually(t, "it is ready", func() bool { return w.Ready(t.Context()) == nil })
		})
	}
}

// Where PortOne turns a tenth of the calls away, the others get through: no gate closes, and no
// attempt counts.
func TestSingleCallsThatAreTurnedAwayCloseNoGate(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{Seed: 1, Faults: []iamporttest.Rule{
			{Fault: iamporttest.TooManyRequests, Percent: 10}, // seven of ten by chance: once in 100,000
		}})
		all := b.issued(t, 200, tasks.KCP, "b")
		w, _ := b.startWorker(t, func(config *worker.Config) {
			config.Schedule = backoff.Schedule{Base: 100 * time.Millisecond, Max: 100 * time.Millisecond}
		})
		if burned := b.revoked(t, all); burned > 0 {
			t.Errorf("%d attempts were burned", burned)
		}
		neverClosed(t, w)
		if err := w.Ready(t.Context()); err != nil {
			t.Errorf("it is not ready: %v", err)
		}
	})
}
