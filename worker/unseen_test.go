package worker_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/deadletter"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker"
	"receiptrevoker/worker/backoff"
	"receiptrevoker/worker/iamport/iamporttest"
)

// unseenFor gives PortOne some time for what it does unseen.
func unseenFor(d time.Duration) func(*worker.Config) {
	return func(config *worker.Config) { config.UnseenFor = d }
}

// PortOne goes on with what was cut off, and meanwhile refuses to begin it again.
func TestDeleteThatIsStillAtWorkIsWaitedFor(t *testing.T) {
	t.Parallel()
	type faults struct{ first, then iamporttest.Fault }
	for _, f := range []faults{
		{iamporttest.CutBefore, iamporttest.Conflict},
		{iamporttest.CutBefore, iamporttest.BadRequest},
		{iamporttest.Hang, iamporttest.Conflict},
		{iamporttest.Hang, iamporttest.BadRequest},
		{iamporttest.Page(413), iamporttest.Unsupported},
	} {
		t.Run(string(f.first+" then "+f.then), func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				b := newBench(t, client, iamporttest.Config{Faults: []iamporttest.Rule{
					{ImpUID: one, Fault: f.first, Times: 1}, {ImpUID: one, Fault: f.then},
				}})
				b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: tasks.KCP})
				b.enqueue(t, tasks.Revocation{ImpUID: one, PG: tasks.KCP})
				b.start(t, unseenFor(time.Minute))
				eventually(t, "it is refused and looked up again", func() bool {
					truth, _ := b.portone.Truth(one)
					return truth.Deletes == 4 && truth.Lookups > 8
				})
				o := b.await(t, one, func(o outcome.Outcome) bool { return o.Attempts == 4 })
				if o.Status != outcome.Retrying || o.Reason != outcome.ReasonUnreachable {
					t.Errorf("it is %s: %s, want it open", o.Status, o.Reason)
				}
				b.portone.Revoke(one)
				if o = b.await(t, one, terminal); o.Reason != outcome.ReasonAlreadyRevoked {
					t.Errorf("got %s %s, want it found revoked", o.Status, o.Reason)
				}
			})
		})
	}
}

// When it has had its time, it is given up for what was answered last.
func TestDeleteThatNeverTookEffectIsGivenUpInTheEnd(t *testing.T) {
	t.Parallel()
	for pg, want := range map[tasks.Gateway]outcome.Reason{
		tasks.KCP: outcome.ReasonRefused, tasks.Settle: outcome.ReasonUnconfirmed,
	} {
		t.Run(string(pg), func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				b := newBench(t, client, iamporttest.Config{Faults: []iamporttest.Rule{
					{ImpUID: one, Fault: iamporttest.CutBefore, Times: 1}, {ImpUID: one, Fault: iamporttest.Conflict},
				}})
				b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: pg})
				b.enqueue(t, tasks.Revocation{ImpUID: one, PG: pg})
				const wait = 600 * time.Millisecond
				began := time.Now()
				b.start(t, unseenFor(wait), func(config *worker.Config) {
					config.Schedule = backoff.Schedule{Base: 50 * time.Millisecond, Max: 100 * time.Millisecond}
				})
				if o := b.await(t, one, terminal); o.Status != outcome.Dead || o.Reason != want {
					t.Errorf("got %s %s, want dead %s", o.Status, o.Reason, want)
				}
				if took := time.Since(began); took < wait {
					t.Errorf("it was given up after %v, want %v", took, wait)
				}
			})
		})
	}
}

func TestProcessThatDiedInItsLastAttemptMayStillHaveRevoked(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{})
		b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: tasks.KCP})
		r := tasks.Revocation{ImpUID: one, PG: tasks.KCP}
		for range 4 {
			if _, err := b.outcomes.Begin(t.Context(), r, time.Nanosecond); err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * time.Millisecond)
		}
		b.enqueue(t, r)
		b.start(t, unseenFor(time.Minute))
		eventually(t, "it is looked up", func() bool { truth, _ := b.portone.Truth(one); return truth.Lookups > 2 })
		if o := b.await(t, one, func(outcome.Outcome) bool { return true }); o.Status != outcome.Retrying {
			t.Errorf("got %s %s, want it open", o.Status, o.Reason)
		}
		b.portone.Revoke(one)
		if o := b.await(t, one, terminal); o.Reason != outcome.ReasonAlreadyRevoked || o.Attempts != 4 {
			t.Errorf("got %s %s after %d attempts", o.Status, o.Reason, o.Attempts)
		}
		if truth, _ := b.portone.Truth(one); truth.Deletes != 0 {
			t.Errorf("%d DELETE calls, want none", truth.Deletes)
		}
	})
}

// What does not carry PortOne's envelope does not come from PortOne.
func TestPageOfAProxyEndsNothing(t *testing.T) {
	t.Parallel()
	for _, status := range []int{400, 401, 403, 404, 405, 413, 429, 501} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				b := newBench(t, client, iamporttest.Config{Faults: []iamporttest.Rule{
					{ImpUID: one, Fault: iamporttest.Page(status), Times: 2},
					{ImpUID: one, Fault: iamporttest.Page(status), Times: 1, Lookup: true},
				}})
				b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: tasks.KCP})
				b.enqueue(t, tasks.Revocation{ImpUID: one, PG: tasks.KCP})
				b.start(t)
				if o := b.await(t, one, terminal); o.Reason != outcome.ReasonRevoked || o.Attempts != 3 {
					t.Errorf("got %s %s after %d attempts, want it revoked by the third", o.Status, o.Reason, o.Attempts)
				}
			})
		})
	}
}

// The page may come although PortOne has done it.
func TestDeleteBehindThePageOfAProxyMayHaveTakenEffect(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{AlreadyRevoked: 400})
		var pages atomic.Int64
		portone := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodDelete || pages.Add(1) > 1 {
				b.portone.ServeHTTP(w, r)
				return
			}
			b.portone.Revoke(one)
			http.Error(w, "<html>default backend - 404</html>", http.StatusNotFound)
		})
		listener, _ := serveAt(t, "127.0.0.1:0", portone)
		b.url = "http://" + listener
		b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: tasks.Settle})
		b.enqueue(t, tasks.Revocation{ImpUID: one, PG: tasks.Settle})
		b.start(t)
		if o := b.await(t, one, terminal); o.Status != outcome.Dead || o.Reason != outcome.ReasonUnconfirmed {
			t.Errorf("got %s %s, want dead unconfirmed", o.Status, o.Reason)
		}
	})
}

func TestLookupThatFailsIsRepeatedBeforeAnythingIsGivenUp(t *testing.T) {
	t.Parallel()
	for name, lookups := range map[string]iamporttest.Rule{
		"500":           {Fault: iamporttest.GatewayFailed, Times: 2},
		"400":           {Fault: iamporttest.BadRequest, Times: 2},
		"501":           {Fault: iamporttest.Unsupported, Times: 2},
		"page":          {Fault: iamporttest.Page(404), Times: 2},
		"403":           {Fault: iamporttest.Forbidden, Times: 2},
		"no connection": {Fault: iamporttest.CutBefore, Times: 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lookups.ImpUID, lookups.Lookup = one, true
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				b := newBench(t, client, iamporttest.Config{AlreadyRevoked: 400, Faults: []iamporttest.Rule{lookups}})
				b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: tasks.KCP})
				b.portone.Revoke(one) // by hand
				b.enqueue(t, tasks.Revocation{ImpUID: one, PG: tasks.KCP})
				b.start(t)
				if o := b.await(t, one, terminal); o.Reason != outcome.ReasonAlreadyRevoked {
					t.Errorf("got %s %s, want it found revoked", o.Status, o.Reason)
				}
			})
		})
	}
}

// A dead letter that is retried has all the time that a new request has.
func TestRetriedDeadLetterIsLookedUpAgain(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{
			AlreadyRevoked: 400,
			Faults:         []iamporttest.Rule{{ImpUID: one, Fault: iamporttest.BadGateway, Lookup: true, Times: 1}},
		})
		b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: tasks.KCP})
		b.portone.Revoke(one)
		r := tasks.Revocation{ImpUID: one, PG: tasks.KCP}
		a, err := b.outcomes.Begin(t.Context(), r, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		ago := time.Now().Add(-72 * time.Hour)
		a.AskedSince, a.RefusedSince, a.Tries = ago, ago, 9
		dead := outcome.Outcome{Status: outcome.Dead, Reason: outcome.ReasonNotIssued}
		if _, err := b.outcomes.Finish(t.Context(), a, dead); err != nil {
			t.Fatal(err)
		}
		key := "{receipt}:outcome:" + one
		text := ago.UTC().Format(time.RFC3339)
		if err := client.HSet(t.Context(), key, "first_attempt_at", text, "updated_at", text).Err(); err != nil {
			t.Fatal(err)
		}
		letter := b.await(t, one, terminal)
		if err := deadletter.New(client, b.outcomes, deadletter.Config{}).Retry(t.Context(), letter); err != nil {
			t.Fatal(err)
		}
		b.start(t)
		if o := b.await(t, one, terminal); o.Reason != outcome.ReasonAlreadyRevoked {
			t.Errorf("got %s %s, want it found revoked", o.Status, o.Reason)
		}
		if truth, _ := b.portone.Truth(one); truth.Lookups != 2 {
			t.Errorf("%d lookups, want 2", truth.Lookups)
		}
	})
}

// What a lookup says of the amount does not matter.
func TestReceiptWithAnOddAmountIsFoundRevoked(t *testing.T) {
	t.Parallel()
	for _, amount := range []string{`1000.0`, `"1,000"`, `99999999999999999999999`, `{}`} {
		t.Run(amount, func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				b := newBench(t, client, iamporttest.Config{
					AlreadyRevoked: 400, Faults: []iamporttest.Rule{{ImpUID: one, Fault: iamporttest.CutAfter, Times: 1}},
				})
				odd := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.Method == http.MethodGet {
						fmt.Fprintf(w, `{"code":0,"response":{"imp_uid":%q,"apply_num":"1","amount":%s,"cancelled_at":1795000000}}`,
							strings.ToUpper(one), amount)
						return
					}
					b.portone.ServeHTTP(w, r)
				})
				listener, _ := serveAt(t, "127.0.0.1:0", odd)
				b.url = "http://" + listener
				b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: tasks.KCP})
				b.enqueue(t, tasks.Revocation{ImpUID: one, PG: tasks.KCP})
				b.start(t)
				if o := b.await(t, one, terminal); o.Reason != outcome.ReasonAlreadyRevoked || o.Attempts != 1 {
					t.Errorf("got %s %s after %d attempts, want it found revoked", o.Status, o.Reason, o.Attempts)
				}
			})
		})
	}
}

// The lookup that follows a 500 is not made twice.
func TestLastAttemptIsLookedUpOnceAfterItsDelete(t *testing.T) {
	t.Parallel()
	for pg, lookups := range map[tasks.Gateway]int{tasks.KCP: 1, tasks.Settle: 1, "": 1} {
		redistest.One(t, func(t *testing.T, client *redis.Client) {
			b := newBench(t, client, iamporttest.Config{})
			b.portone.Inject(iamporttest.Rule{ImpUID: one, Fault: iamporttest.GatewayFailed})
			b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: pg})
			b.enqueue(t, tasks.Revocation{ImpUID: one, PG: pg})
			b.start(t, func(config *worker.Config) { config.Schedule.Attempts = 1 })
			if o := b.await(t, one, terminal); o.Reason != outcome.ReasonAttemptsExhausted {
				t.Errorf("%q: got %s %s", pg, o.Status, o.Reason)
			}
			if truth, _ := b.portone.Truth(one); truth.Deletes != 1 || truth.Lookups != lookups {
				t.Errorf("%q: %d DELETE calls and %d lookups, want 1 and %d", pg, truth.Deletes, truth.Lookups, lookups)
			}
		})
	}
}
