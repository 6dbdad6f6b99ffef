package iamport_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"receiptrevoker/worker/iamport"
	"receiptrevoker/worker/iamport/iamporttest"
)

// slowToken makes every call for a token take a second, in which all that can
// happen within a bubble does happen.
func slowToken(call iamporttest.Call) {
	if call.Operation == iamporttest.OpToken {
		time.Sleep(time.Second)
	}
}

// wantCalls fails the test unless calls of op were answered as want says, by
// status.
func (p portone) wantCalls(t *testing.T, op iamporttest.Operation, want map[int]int) {
	t.Helper()
	if diff := cmp.Diff(want, p.Stats().Calls[op]); diff != "" {
		t.Errorf("%s calls by status (-want +got)\n%s", op, diff)
	}
}

// revokeAll revokes n receipts at a time, each of which must succeed.
func (p portone) revokeAll(t *testing.T, n int) {
	t.Helper()
	var wg sync.WaitGroup
	for i := range n {
		impUID := fmt.Sprintf("imp_%d", i)
		p.Issue(iamporttest.Receipt{ImpUID: impUID})
		wg.Go(func() {
			if _, err := p.client.RevokeReceipt(t.Context(), impUID); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestOneTokenForAllCallers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := startInMemory(t, iamporttest.Config{OnCall: slowToken})
		begin := time.Now()
		p.revokeAll(t, 200)
		if got := time.Since(begin); got != time.Second {
			t.Errorf("got %v, want the second that one token takes", got)
		}
		p.wantCalls(t, iamporttest.OpToken, map[int]int{200: 1})
		p.wantCalls(t, iamporttest.OpRevoke, map[int]int{200: 200})
	})
}

func TestAuthenticateObtainsOneToken(t *testing.T) {
	t.Parallel()
	p := start(t, iamporttest.Config{})
	for range 3 {
		if err := p.client.Authenticate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	p.revokeAll(t, 1)
	p.wantCalls(t, iamporttest.OpToken, map[int]int{200: 1})
}

// TestRefusedTokenIsReplacedOnce lets the server refuse, one after the other,
// the token that a hundred calls carry. Those refused last find it replaced.
func TestRefusedTokenIsReplacedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var ahead atomic.Int64
		var arrived atomic.Int64
		p := startInMemory(t, iamporttest.Config{
			Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) },
			OnCall: func(call iamporttest.Call) {
				slowToken(call)
				if n := arrived.Add(1); call.Operation == iamporttest.OpRevoke && n <= 101 {
					time.Sleep(time.Duration(n) * 100 * time.Millisecond) // the token takes a second
				}
			},
		})
		if err := p.client.Authenticate(t.Context()); err != nil {
			t.Fatal(err)
		}
		ahead.Store(int64(time.Hour)) // by the server's clock, the token is over
		p.revokeAll(t, 100)
		p.wantCalls(t, iamporttest.OpToken, map[int]int{200: 2})
		p.wantCalls(t, iamporttest.OpRevoke, map[int]int{401: 100, 200: 100})
	})
}

func TestRefusedTokenIsTriedOnceMore(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		rule    iamporttest.Rule
		deletes map[int]int
		tokens  int // distinct ones, of two calls
	}{
		{"same token again", iamporttest.Rule{Fault: iamporttest.Unauthorized, Times: 1}, map[int]int{401: 1, 200: 1}, 1},
		{"another token", iamporttest.Rule{Fault: iamporttest.ExpireToken, Times: 1}, map[int]int{401: 1, 200: 1}, 2},
		{"same token again, refused", iamporttest.Rule{Fault: iamporttest.Unauthorized}, map[int]int{401: 2}, 1},
		{"another token, refused", iamporttest.Rule{Fault: iamporttest.ExpireToken}, map[int]int{401: 2}, 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := start(t, iamporttest.Config{Faults: []iamporttest.Rule{test.rule}})
			p.Issue(iamporttest.Receipt{ImpUID: "imp_1"})
			_, err := p.client.RevokeReceipt(t.Context(), "imp_1")
			if got, want := err == nil, test.deletes[200] > 0; got != want {
				t.Errorf("got error %v, want none %t", err, want)
			}
			if err != nil {
				if got := failure(t, err); got.Op != iamport.OpRevoke || got.Status != 401 || got.Code == nil {
					t.Errorf("got %+v, want %s, status 401, PortOne's own", got, iamport.OpRevoke)
				}
			}
			p.wantCalls(t, iamporttest.OpRevoke, test.deletes)
			p.wantCalls(t, iamporttest.OpToken, map[int]int{200: 2})
			if got := p.Stats().Tokens; got != test.tokens {
				t.Errorf("got %d tokens, want %d", got, test.tokens)
			}
		})
	}
}

func TestWrongCredentials(t *testing.T) {
	t.Parallel()
	simulator := iamporttest.New(iamporttest.Config{Secret: "another"})
	p := portone{simulator, serve(t, simulator, iamport.Config{})}
	_, revoke := p.client.RevokeReceipt(t.Context(), "imp_1")
	_, lookup := p.client.GetReceipt(t.Context(), "imp_1")
	want := iamport.Error{
		Op: iamport.OpToken, Status: 401, Code: new(-1), Message: "imp_key 또는 imp_secret이 올바르지 않습니다.", Sent: true,
	}
	for _, err := range []error{revoke, lookup, p.client.Authenticate(t.Context())} {
		if diff := cmp.Diff(want, failure(t, err)); diff != "" {
			t.Errorf("error (-want +got)\n%s", diff)
		}
	}
	p.wantCalls(t, iamporttest.OpToken, map[int]int{401: 3})
	if _, called := p.Truth("imp_1"); called {
		t.Error("got a call on the receipt, want none")
	}
}

// TestCallerLeaves lets one of two callers leave while the token that both wait
// for is on its way.
func TestCallerLeaves(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]bool{"who asked first": true, "who asked second": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := startInMemory(t, iamporttest.Config{OnCall: slowToken})
				p.Issue(iamporttest.Receipt{ImpUID: "imp_1"}, iamporttest.Receipt{ImpUID: "imp_2"})
				ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
				defer cancel()
				var wg sync.WaitGroup
				leave := func() {
					begin := time.Now()
					_, err := p.client.RevokeReceipt(ctx, "imp_1")
					got := failure(t, err)
					if got.Op != iamport.OpToken || !errors.Is(err, context.DeadlineExceeded) || got.Sent {
						t.Errorf("got %+v, want %s, deadline exceeded, not sent", got, iamport.OpToken)
					}
					if took := time.Since(begin); took != 500*time.Millisecond {
						t.Errorf("got an end after %v, want 500ms", took)
					}
				}
				stay := func() {
					if _, err := p.client.RevokeReceipt(t.Context(), "imp_2"); err != nil {
						t.Error(err)
					}
				}
				callers := []func(){stay, leave}
				if first {
					callers = []func(){leave, stay}
				}
				for _, call := range callers {
					wg.Go(call)
					synctest.Wait()
				}
				wg.Wait()
				p.wantCalls(t, iamporttest.OpToken, map[int]int{200: 1})
				p.wantCalls(t, iamporttest.OpRevoke, map[int]int{200: 1})
			})
		})
	}
}

func TestTokenArrivesAfterAllHaveLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := startInMemory(t, iamporttest.Config{OnCall: slowToken})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Millisecond, cancel)
		if err := p.client.Authenticate(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("got error %v, want canceled", err)
		}
		time.Sleep(time.Second)
		p.revokeAll(t, 1)
		p.wantCalls(t, iamporttest.OpToken, map[int]int{200: 1})
	})
}

func TestFailedTokenIsAskedForAgain(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	client := serve(t, answeringBoth(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) > 1 {
			saying(200, givenAnswer)(w, r)
			return
		}
		w.Header().Set("Retry-After", "7")
		saying(500, `{"code":-1,"message":"later"}`)(w, r)
	}, saying(200, `{"code":0}`)), iamport.Config{})
	_, err := client.RevokeReceipt(t.Context(), "imp_1")
	want := iamport.Error{
		Op: iamport.OpToken, Status: 500, Code: new(-1), Message: "later", RetryAfter: 7 * time.Second, Sent: true,
	}
	if diff := cmp.Diff(want, failure(t, err)); diff != "" {
		t.Errorf("error (-want +got)\n%s", diff)
	}
	if _, err := client.RevokeReceipt(t.Context(), "imp_1"); err != nil {
		t.Errorf("got error %v, want success", err)
	}
}
