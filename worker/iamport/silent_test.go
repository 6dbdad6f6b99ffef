package iamport_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"receiptrevoker/bench/redistest/proxy"
	"receiptrevoker/worker/iamport"
	"receiptrevoker/worker/iamport/iamporttest"
)

// behindRelay is a PortOne with TLS and HTTP/2, and a relay before it whose
// connections can fall silent.
type behindRelay struct {
	portone
	relay *proxy.Proxy
	// http2 counts the requests that came by HTTP/2.
	http2 atomic.Int64
}

func startBehindRelay(t *testing.T, cfg iamporttest.Config, timeout time.Duration) *behindRelay {
	t.Helper()
	b := &behindRelay{portone: portone{Server: iamporttest.New(cfg)}}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 2 {
			b.http2.Add(1)
		}
		b.ServeHTTP(w, r)
	}))
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that were given up
	server.StartTLS()
	t.Cleanup(server.Close)
	t.Cleanup(func() { b.Close() })
	relay, err := proxy.Start(strings.TrimPrefix(server.URL, "https://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(relay.Close)
	b.relay = relay
	b.client = newClient(t, iamport.Config{URL: "https://" + relay.Addr, Timeout: timeout})
	iamport.Trust(b.client, server.Certificate())
	return b
}

// together lets n calls be at work at the same time.
func together(n int) func(iamporttest.Call) {
	var all sync.WaitGroup
	all.Add(n)
	var arrived atomic.Int64
	return func(call iamporttest.Call) {
		if call.Operation == iamporttest.OpRevoke && arrived.Add(1) <= int64(n) {
			all.Done()
			all.Wait()
		}
	}
}

// revokeSome revokes n receipts at a time.
func (b *behindRelay) revokeSome(t *testing.T, kind string, n int) {
	t.Helper()
	var calls sync.WaitGroup
	for i := range n {
		impUID := fmt.Sprintf("imp_%s_%d", kind, i)
		b.Issue(iamporttest.Receipt{ImpUID: impUID})
		calls.Go(func() {
			if _, err := b.client.RevokeReceipt(t.Context(), impUID); err != nil {
				t.Errorf("%s: %v", kind, err)
			}
		})
	}
	calls.Wait()
}

// TestOneTimeoutEndsSilentConnections has many connections fall silent: the call that finds
// out may have arrived, and all after it have connections of their own.
func TestOneTimeoutEndsSilentConnections(t *testing.T) {
	t.Parallel()
	const connections = 30
	b := startBehindRelay(t, iamporttest.Config{OnCall: together(connections)}, 3*time.Second)
	b.revokeSome(t, "before", connections)
	b.relay.Silence(false)

	b.Issue(iamporttest.Receipt{ImpUID: "imp_1"})
	_, err := b.client.RevokeReceipt(t.Context(), "imp_1")
	if got := failure(t, err); got.Op != iamport.OpRevoke || !got.Sent || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %+v, want a DELETE that was sent and timed out", got)
	}
	b.revokeSome(t, "after", 40)
	if n := b.http2.Load(); n > 0 {
		t.Errorf("%d calls by HTTP/2, whose streams share a connection, and its silence", n)
	}
}

// TestAuthenticateAsksAnewAfterSilence has a token that is good for long: it tells nothing
// about whether PortOne answers.
func TestAuthenticateAsksAnewAfterSilence(t *testing.T) {
	t.Parallel()
	b := startBehindRelay(t, iamporttest.Config{}, time.Second)
	b.revokeSome(t, "before", 1)
	b.relay.Silence(true)
	if err := b.client.Authenticate(t.Context()); err != nil {
		t.Errorf("before any call was left without an answer: %v", err)
	}
	if _, err := b.client.GetReceipt(t.Context(), "imp_before_0"); err == nil {
		t.Fatal("got a receipt through a relay that carries nothing")
	}
	for range 2 {
		err := b.client.Authenticate(t.Context())
		if got := failure(t, err); got.Op != iamport.OpToken || got.Status != 0 {
			t.Errorf("got %+v, want no answer to a call for a token", got)
		}
	}
	b.relay.Silence(false)
	for range 3 {
		if err := b.client.Authenticate(t.Context()); err != nil {
			t.Errorf("once PortOne answers: %v", err)
		}
	}
	b.wantCalls(t, iamporttest.OpToken, map[int]int{200: 2})
}

// TestAuthenticateTrustsAnAnswer has calls end without one, and another answered after it.
func TestAuthenticateTrustsAnAnswer(t *testing.T) {
	t.Parallel()
	ctx, leave := context.WithCancel(t.Context())
	t.Cleanup(leave)
	tests := map[string]struct {
		rule    iamporttest.Rule
		ctx     context.Context
		answers bool // another call is answered
		tokens  int
	}{
		"no answer":                   {iamporttest.Rule{ImpUID: "imp_1", Fault: iamporttest.CutBefore}, t.Context(), false, 2},
		"no answer, another answered": {iamporttest.Rule{ImpUID: "imp_1", Fault: iamporttest.CutBefore}, t.Context(), true, 1},
		"an error":                    {iamporttest.Rule{ImpUID: "imp_1", Fault: iamporttest.BadGateway}, t.Context(), false, 1},
		"the caller left":             {iamporttest.Rule{ImpUID: "imp_1", Fault: iamporttest.Hang}, ctx, false, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, iamporttest.Config{Faults: []iamporttest.Rule{test.rule}, OnCall: func(call iamporttest.Call) {
				if test.ctx == ctx && call.Operation == iamporttest.OpRevoke {
					leave()
				}
			}})
			p.Issue(iamporttest.Receipt{ImpUID: "imp_1"}, iamporttest.Receipt{ImpUID: "imp_2"})
			if _, err := p.client.RevokeReceipt(test.ctx, "imp_1"); err == nil {
				t.Fatal("the call succeeded")
			}
			if test.answers {
				if _, err := p.client.RevokeReceipt(t.Context(), "imp_2"); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 {
				if err := p.client.Authenticate(t.Context()); err != nil {
					t.Error(err)
				}
			}
			p.wantCalls(t, iamporttest.OpToken, map[int]int{200: test.tokens})
		})
	}
}
