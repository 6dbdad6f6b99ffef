package worker_test

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker"
	"receiptrevoker/worker/iamport/iamporttest"
)

// script answers calls about receipts in a test's own way, by their method and their
// number from 1, as in "GET 2". All others reach the simulated PortOne. It returns how many
// there were of a method.
func (b *bench) script(t *testing.T, answers map[string]http.HandlerFunc) (calls func(method string) int) {
	t.Helper()
	var lock sync.Mutex
	count := make(map[string]int)
	listener, _ := serveAt(t, "127.0.0.1:0", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lock.Lock()
		count[r.Method]++
		answer, own := answers[fmt.Sprint(r.Method, " ", count[r.Method])]
		lock.Unlock()
		if !own {
			answer = b.portone.ServeHTTP
		}
		answer(w, r)
	}))
	b.url = "http://" + listener
	return func(method string) int {
		lock.Lock()
		defer lock.Unlock()
		return count[method]
	}
}

// answer returns a handler that answers with a status and a body.
func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

// The answer to a DELETE is lost, and another receipt is issued: no failed lookup is a
// licence to revoke that.
func TestFailedLookupLetsNoDeleteReachAnotherReceipt(t *testing.T) {
	t.Parallel()
	failed := answer(500, `{"code":-1,"message":"x"}`)
	for name, test := range map[string]struct {
		revocation tasks.Revocation
		applyNum   bool // the number is named
		seen       bool // it was seen before
		lookup     http.HandlerFunc
	}{
		"seen before":                       {tasks.Revocation{PG: tasks.KCP}, false, true, failed},
		"seen before, no documented lookup": {tasks.Revocation{PG: tasks.Settle}, false, true, failed},
		"never seen":                        {tasks.Revocation{PG: tasks.KCP}, false, false, answer(502, "<html>")},
		"never seen, gateway not known":     {tasks.Revocation{}, false, false, failed},
		"never seen, again":                 {tasks.Revocation{PG: tasks.KCP, Again: true}, false, false, failed},
		"named":                             {tasks.Revocation{PG: tasks.KCP}, true, true, failed},
		"seen before, no number is shown": {
			tasks.Revocation{PG: tasks.KCP}, false, true, answer(200, `{"code":0,"response":{"imp_uid":"`+one+`"}}`),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				var ahead atomic.Int64
				b := newBench(t, client, iamporttest.Config{Now: func() time.Time {
					return time.Now().Add(time.Duration(ahead.Load()))
				}})
				answers := map[string]http.HandlerFunc{}
				lost := func(http.ResponseWriter, *http.Request) {
					b.portone.Revoke(one)
					ahead.Store(int64(10 * time.Minute))
					b.portone.Reissue(one, 500)
					panic(http.ErrAbortHandler)
				}
				lookups := 0 // before the answer is lost
				if test.applyNum || test.revocation.Again {
					lookups++
				}
				answers["DELETE 1"] = lost
				if test.seen && lookups == 0 {
					answers["DELETE 1"], answers["DELETE 2"] = answer(503, ""), lost
					lookups++
				}
				for i := range 3 {
					answers[fmt.Sprint("GET ", lookups+1+i)] = test.lookup
				}
				calls := b.script(t, answers)
				b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: tasks.KCP}) // whose lookups the simulated PortOne answers
				r := test.revocation
				if r.ImpUID = one; test.applyNum {
					r.ApplyNum = b.truth(t, one).Receipt.ApplyNum
				}
				b.enqueue(t, r)
				b.start(t)
				o := b.await(t, one, terminal)
				if o.Reason != outcome.ReasonReissued || b.truth(t, one).Revoked() {
					t.Errorf("got %s %s, the other receipt revoked: %t", o.Status, o.Reason, b.truth(t, one).Revoked())
				}
				if deletes := calls(http.MethodDelete); o.Attempts != deletes || calls(http.MethodGet) != lookups+4 {
					t.Errorf("%d attempts after %d DELETEs and %d lookups", o.Attempts, deletes, calls(http.MethodGet))
				}
			})
		})
	}
}

// Lookups count no attempt, however many fail: one that works leads to the DELETE.
func TestDeleteFollowsTheLookupThatWorks(t *testing.T) {
	t.Parallel()
	for name, again := range map[string]bool{"named": false, "again": true} {
		for _, fault := range []iamporttest.Fault{iamporttest.BadGateway, iamporttest.GatewayFailed, iamporttest.CutBefore, iamporttest.RefusedCode} {
			t.Run(name+", "+string(fault), func(t *testing.T) {
				t.Parallel()
				redistest.One(t, func(t *testing.T, client *redis.Client) {
					b := newBench(t, client, iamporttest.Config{Faults: []iamporttest.Rule{
						{ImpUID: one, Fault: fault, Lookup: true, Times: 5},
					}})
					b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: tasks.KCP})
					r := tasks.Revocation{ImpUID: one, PG: tasks.KCP, Again: again}
					if !again {
						r.ApplyNum = b.truth(t, one).Receipt.ApplyNum
					}
					b.enqueue(t, r)
					b.start(t)
					if o := b.await(t, one, terminal); o.Reason != outcome.ReasonRevoked || o.Attempts != 1 {
						t.Errorf("got %s %s after %d attempts, want it revoked by the first", o.Status, o.Reason, o.Attempts)
					}
				})
			})
		}
	}
}

// Lookups that tell nothing come to an end.
func TestLookupsThatTellNothingEnd(t *testing.T) {
	t.Parallel()
	cut := iamporttest.Rule{ImpUID: one, Fault: iamporttest.CutBefore, Times: 1}
	lookups := iamporttest.Rule{ImpUID: one, Fault: iamporttest.BadGateway, Lookup: true}
	for name, test := range map[string]struct {
		rules    []iamporttest.Rule
		applyNum string
		attempts int
		want     outcome.Reason
	}{
		"named":                         {[]iamporttest.Rule{lookups}, "N1", 0, outcome.ReasonAttemptsExhausted},
		"after an answer that was lost": {[]iamporttest.Rule{cut, lookups}, "", 1, outcome.ReasonUnconfirmed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				b := newBench(t, client, iamporttest.Config{Faults: test.rules})
				b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: tasks.KCP})
				b.enqueue(t, tasks.Revocation{ImpUID: one, PG: tasks.KCP, ApplyNum: test.applyNum})
				const wait = time.Second
				began := time.Now()
				b.start(t, func(config *worker.Config) { config.GiveUpAfter = wait })
				o := b.await(t, one, terminal)
				if o.Reason != test.want || o.Attempts != test.attempts {
					t.Errorf("got %s %s after %d attempts, want %s after %d", o.Status, o.Reason, o.Attempts, test.want, test.attempts)
				}
				if took := time.Since(began); took < wait {
					t.Errorf("it ended after %v, want %v", took, wait)
				}
			})
		})
	}
}

// What a lookup alone shows is no attempt.
func TestReceiptThatALookupDoesNotFindCountsNoAttempt(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{})
		b.enqueue(t, tasks.Revocation{ImpUID: one, PG: tasks.KCP, ApplyNum: "N1"})
		b.start(t)
		if o := b.await(t, one, terminal); o.Reason != outcome.ReasonNotIssued || o.Attempts != 0 {
			t.Errorf("got %s %s after %d attempts, want not_issued after none", o.Status, o.Reason, o.Attempts)
		}
	})
}

// The lookup right after a 500 takes over no number of a receipt that is not meant, and
// none that is revoked is the end of another.
func TestLookupAfterADeleteLooksWhichReceiptItIs(t *testing.T) {
	t.Parallel()
	revoked := answer(200, `{"code":0,"response":{"imp_uid":"`+one+`","apply_num":"N3","cancelled_at":1795000000}}`)
	later := answer(200, fmt.Sprintf(`{"code":0,"response":{"imp_uid":%q,"apply_num":"N2","applied_at":%d}}`,
		one, time.Now().Add(24*time.Hour).Unix()))
	mine := answer(200, `{"code":0,"response":{"imp_uid":"`+one+`","apply_num":"N1","applied_at":1795000000}}`)
	for name, test := range map[string]struct {
		applyNum string
		lookups  []http.HandlerFunc
		deletes  int
		want     outcome.Reason
	}{
		"issued after the request":      {"", []http.HandlerFunc{later, later}, 1, outcome.ReasonReissued},
		"another is revoked":            {"N1", []http.HandlerFunc{mine, revoked, revoked}, 1, outcome.ReasonReissued},
		"another is revoked from first": {"N1", []http.HandlerFunc{revoked}, 0, outcome.ReasonReissued},
		"it is revoked":                 {"N3", []http.HandlerFunc{revoked}, 0, outcome.ReasonAlreadyRevoked},
		"a plain one is revoked":        {"", []http.HandlerFunc{revoked}, 1, outcome.ReasonAlreadyRevoked},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				b := newBench(t, client, iamporttest.Config{})
				answers := map[string]http.HandlerFunc{"DELETE 1": answer(500, `{"code":-1,"message":"x"}`)}
				for i, lookup := range test.lookups {
					answers[fmt.Sprint("GET ", i+1)] = lookup
				}
				calls := b.script(t, answers)
				b.enqueue(t, tasks.Revocation{ImpUID: one, PG: tasks.KCP, ApplyNum: test.applyNum})
				b.start(t)
				o := b.await(t, one, terminal)
				if deletes := calls(http.MethodDelete); o.Reason != test.want || deletes != test.deletes {
					t.Errorf("got %s %s after %d DELETEs, want %s after %d", o.Status, o.Reason, deletes, test.want, test.deletes)
				}
			})
		})
	}
}
