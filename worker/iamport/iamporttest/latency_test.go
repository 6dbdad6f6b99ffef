package iamporttest_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"receiptrevoker/worker/iamport/iamporttest"
)

// pipes is a listener in memory, so that a server and its clients can live
// where time is simulated.
type pipes struct {
	conns chan net.Conn
	once  sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	conn, ok := <-p.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return conn, nil
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.conns) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes"} }

func (p *pipes) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	p.conns <- server
	return client, nil
}

// startInBubble is start for a synctest bubble.
func startInBubble(t *testing.T, cfg iamporttest.Config) *portone {
	t.Helper()
	server, listener := iamporttest.New(cfg), &pipes{conns: make(chan net.Conn)}
	web := &http.Server{Handler: server}
	go web.Serve(listener)
	transport := &http.Transport{DialContext: listener.dial}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		server.Close()
		web.Close()
	})
	p := &portone{Server: server, t: t, url: "http://portone.invalid", client: &http.Client{Transport: transport}}
	p.bearer = p.token()
	return p
}

func TestSlowAnswerComesAfterDelay(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{"slow-after": 70 * time.Second, "slow-after@3h": 3 * time.Hour} {
		rule, err := iamporttest.ParseRule(text)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Test(t, func(t *testing.T) {
			p := startInBubble(t, iamporttest.Config{Faults: []iamporttest.Rule{rule}})
			p.Issue(iamporttest.Receipt{ImpUID: "imp_1"})
			began := time.Now()
			revoked(t, p.revoke("imp_1"))
			if took := time.Since(began); took != want {
				t.Errorf("%s: got an answer after %v, want %v", text, took, want)
			}
			if got := p.truth("imp_1").RevokedAt; !got.Equal(began) {
				t.Errorf("%s: revoked %v after the call arrived, want at once", text, got.Sub(began))
			}
		})
	}
}

func TestWaitsEndWithTheClient(t *testing.T) {
	t.Parallel()
	for _, fault := range []iamporttest.Fault{iamporttest.SlowAfter, iamporttest.Hang} {
		synctest.Test(t, func(t *testing.T) {
			p := startInBubble(t, iamporttest.Config{Faults: []iamporttest.Rule{{Fault: fault, Delay: time.Hour}}})
			p.Issue(iamporttest.Receipt{ImpUID: "imp_1"})
			began := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			got := p.call(ctx, http.MethodDelete, "/receipts/imp_1", "")
			if !errors.Is(got.err, context.DeadlineExceeded) {
				t.Errorf("%s: got %v, want the client's deadline", fault, got.err)
			}
			synctest.Wait()
			if stats := p.Stats(); stats.Calls[iamporttest.OpRevoke][0] != 1 || time.Since(began) != 5*time.Second {
				t.Errorf("%s: got %+v after %v, want one call without an answer", fault, stats, time.Since(began))
			}
		})
	}
}

func TestCutLateRevokesTheReceiptThatWasMeant(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		meanwhile func(*portone)
		revoked   bool
	}{
		"nothing happens meanwhile": {func(*portone) {}, true},
		"another receipt follows":   {func(p *portone) { p.Revoke("imp_1"); p.Reissue("imp_1", 0) }, false},
		"the server ends":           {func(p *portone) { p.Close() }, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			rule := iamporttest.Rule{Fault: iamporttest.CutLate, Delay: time.Minute, Times: 1}
			p := startInBubble(t, iamporttest.Config{Faults: []iamporttest.Rule{rule}})
			p.Issue(iamporttest.Receipt{ImpUID: "imp_1"})
			wantCut(t, p.revoke("imp_1"))
			wantStatus(t, p.revoke("imp_1"), http.StatusConflict)
			if truth := p.truth("imp_1"); truth.Revoked() {
				t.Errorf("%s: got %+v at once, want it not revoked", name, truth)
			}
			test.meanwhile(p)
			time.Sleep(time.Minute)
			synctest.Wait()
			if truth := p.truth("imp_1"); truth.Revoked() != test.revoked || truth.Effective > 1 {
				t.Errorf("%s: got %+v after a minute, want revoked %t", name, truth, test.revoked)
			}
		})
	}
}

func TestCloseEndsWaits(t *testing.T) {
	t.Parallel()
	for _, fault := range []iamporttest.Fault{iamporttest.SlowAfter, iamporttest.Hang} {
		synctest.Test(t, func(t *testing.T) {
			p := startInBubble(t, iamporttest.Config{Faults: []iamporttest.Rule{{Fault: fault}}})
			p.Issue(iamporttest.Receipt{ImpUID: "imp_1"})
			time.AfterFunc(time.Second, func() { p.Close() })
			began := time.Now()
			wantCut(t, p.revoke("imp_1"))
			if took := time.Since(began); took != time.Second {
				t.Errorf("%s: cut after %v, want 1s", fault, took)
			}
		})
	}
}

func TestLatency(t *testing.T) {
	t.Parallel()
	tests := []struct {
		latency              iamporttest.Latency
		calls, fast, regular int // and answers that took at most Median, and at most P99
	}{
		{iamporttest.Latency{Median: 200 * time.Millisecond, P99: 3 * time.Second}, 2_000, 1_000, 1_980},
		{iamporttest.Latency{Median: 200 * time.Millisecond}, 50, 50, 0}, // without chance
	}
	for _, test := range tests {
		synctest.Test(t, func(t *testing.T) {
			p := startInBubble(t, iamporttest.Config{Latency: test.latency})
			fast, regular := 0, 0
			for i := range test.calls {
				began := time.Now()
				wantStatus(t, p.lookup(fmt.Sprintf("imp_%d", i)), 404)
				took := time.Since(began)
				if took <= test.latency.Median {
					fast++
				}
				if took <= test.latency.P99 {
					regular++
				}
			}
			if !near(fast, test.fast, test.calls/20) || !near(regular, test.regular, test.calls/100) {
				t.Errorf("got %d within the median and %d within P99, want about %d and %d",
					fast, regular, test.fast, test.regular)
			}
		})
	}
}

func near(got, want, tolerance int) bool { return got >= want-tolerance && got <= want+tolerance }

// TestWaitingCallsDoNotQueue has many calls for one receipt wait side by side.
func TestWaitingCallsDoNotQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := startInBubble(t, iamporttest.Config{Latency: iamporttest.Latency{Median: time.Minute}})
		p.Issue(iamporttest.Receipt{ImpUID: "imp_1"})
		began := time.Now()
		var done sync.WaitGroup
		for range 50 {
			done.Go(func() { p.revoke("imp_1") })
		}
		done.Wait()
		if took := time.Since(began); took != time.Minute {
			t.Errorf("50 calls took %v together, want 1m", took)
		}
		if got := p.Stats().MaxConcurrent; got != 50 {
			t.Errorf("got %d calls at once, want 50", got)
		}
	})
}
