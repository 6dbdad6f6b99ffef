package worker_test

import (
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/worker"
	"receiptrevoker/worker/backoff"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/iamport/iamporttest"
	"receiptrevoker/worker/pause"
)

// lines collects a log.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) count(what string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), what)
}

// front stands before a simulated PortOne, and may refuse everybody.
type front struct {
	mode    atomic.Value // "", "credentials", "address", "gone", "limit" or "no tokens"
	portone http.Handler
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token := r.URL.Path == "/users/getToken"
	switch mode := f.mode.Load(); {
	case mode == "credentials" && token:
		http.Error(w, `{"code":-1,"message":"인증에 실패하였습니다.","response":null}`, http.StatusUnauthorized)
	case mode == "address" && !token:
		http.Error(w, `{"code":-1,"message":"허용되지 않은 IP입니다.","response":null}`, http.StatusForbidden)
	case mode == "limit" && !token, mode == "no tokens" && token:
		http.Error(w, `{"code":-1,"message":"Too Many Requests","response":null}`, http.StatusTooManyRequests)
	default:
		f.portone.ServeHTTP(w, r)
	}
}

func TestFaultOfNoGatewayStopsEverythingAndBuriesNothing(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"credentials", "address", "gone", "limit", "no tokens"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) { testSystemic(t, client, mode) })
		})
	}
}

func testSystemic(t *testing.T, client *redis.Client, mode string) {
	b := newBench(t, client, iamporttest.Config{})
	f := &front{portone: b.portone}
	f.mode.Store("")
	listener, server := serveAt(t, "127.0.0.1:0", f)
	b.url = "http://" + listener
	b.known(t)
	tokens := mode == "credentials" || mode == "no tokens"
	if tokens { // none is at hand
		f.mode.Store(mode)
	}
	log := &lines{}
	w, _ := b.startWorker(t, oneSpare, func(config *worker.Config) {
		config.Log = slog.New(slog.NewTextHandler(log, nil))
	})
	if !tokens { // a token is at hand when PortOne goes away
		b.revoked(t, b.issued(t, 1, tasks.Nice, "before"))
	}
	f.mode.Store(mode)
	if mode == "gone" {
		server.Close()
	}
	var all []tasks.Revocation
	for _, pg := range []tasks.Gateway{tasks.KCP, tasks.Nice, tasks.Inicis, ""} {
		all = slices.Concat(all, b.issued(t, 10, pg, ""), b.issued(t, 10, pg, "b"))
	}
	eventually(t, "PortOne's gate is closed", func() bool { return b.closed(t, gate.PortOne) })
	eventually(t, "all queues are paused", func() bool {
		pauses, err := gate.NewStore(client, "").Pauses(t.Context())
		return err == nil && !slices.ContainsFunc(pauses, func(p pause.Pause) bool { return gate.Name(p.Gate) != gate.PortOne })
	})
	if err := w.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), "no calls since") {
		t.Errorf("the worker is ready: %v", err)
	}
	if n := log.count("level=ERROR msg=\"gate closed"); n != 1 {
		t.Errorf("%d alarms, want one:\n%s", n, &log.text)
	}
	for _, name := range []gate.Name{"kcp", "nice"} {
		if b.closed(t, name) {
			t.Errorf("the gate of %s is closed, too", name)
		}
	}

	if mode == "gone" {
		serveAt(t, listener, f)
	}
	f.mode.Store("")
	if burned := b.revoked(t, all); burned > 10 {
		t.Errorf("%d attempts were burned, want only those that closed the gate", burned)
	}
	eventually(t, "the worker is ready", func() bool { return w.Ready(t.Context()) == nil })
	if n := log.count("level=ERROR"); n > 2 { // the alarm, and that somebody was turned away before
		t.Errorf("%d errors in the log:\n%s", n, &log.text)
	}
}

// An idle worker has no receipt with which it could try PortOne: the next token opens the gate.
func TestPortOnesGateOpensWithATokenWhereNothingWaits(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{})
		var refusing atomic.Bool
		var refused atomic.Int64
		b.url, _ = serveAt(t, "127.0.0.1:0", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if refusing.Load() && r.URL.Path == "/users/getToken" {
				refused.Add(1)
				http.Error(w, `{"code":-1,"message":"인증에 실패하였습니다.","response":null}`, http.StatusUnauthorized)
				return
			}
			b.portone.ServeHTTP(w, r)
		}))
		b.url = "http://" + b.url
		b.known(t)
		refusing.Store(true)
		now := time.Now().UnixMicro()
		client.HSet(t.Context(), "{receipt}:gate:portone", "state", "closed", "epoch", now, "reason", "no token", "probe_at", now)
		w, _ := b.startWorker(t)
		eventually(t, "a token is refused three times", func() bool { return refused.Load() >= 3 })
		if err := w.Ready(t.Context()); !b.closed(t, gate.PortOne) || err == nil {
			t.Errorf("without a token the gate is open, or the worker ready: %v", err)
		}
		refusing.Store(false)
		eventually(t, "the gate is open", func() bool { return !b.closed(t, gate.PortOne) })
		eventually(t, "the worker is ready", func() bool { return w.Ready(t.Context()) == nil })
	})
}

// serveAt serves a handler at an address and returns it.
func serveAt(t *testing.T, addr string, handler http.Handler) (string, *httptest.Server) {
	t.Helper()
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: handler}}
	server.Start()
	t.Cleanup(server.Close)
	return listener.Addr().String(), server
}

// PortOne is back, and one of its gateways is not: the others need not wait for it.
func TestGatewayThatIsDownKeepsPortOnesGateNotClosed(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{})
		f := &front{portone: b.portone}
		f.mode.Store("address")
		listener, _ := serveAt(t, "127.0.0.1:0", f)
		b.url = "http://" + listener
		kcp := b.issued(t, 20, tasks.KCP, "") // single ones, with which a probe begins
		nice := b.issued(t, 20, tasks.Nice, "b")
		b.startWorker(t, func(config *worker.Config) { config.Schedule = backoff.Schedule{} })
		eventually(t, "PortOne's gate is closed", func() bool { return b.closed(t, gate.PortOne) })
		b.portone.Inject(iamporttest.Rule{PG: tasks.KCP, Fault: iamporttest.Unavailable})
		f.mode.Store("")
		b.revoked(t, nice)
		b.portone.Clear()
		b.revoked(t, kcp)
	})
}
