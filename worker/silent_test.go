package worker_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/bench/redistest/proxy"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker"
	"receiptrevoker/worker/iamport/iamporttest"
)

// trustTestServers makes all clients of this process trust the certificate of httptest's
// servers, which is the same for all, and offer HTTP/2.
func trustTestServers() {
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	trusted := x509.NewCertPool()
	trusted.AddCert(server.Certificate())
	http.DefaultTransport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: trusted}
}

// relay leads a bench's workers to its PortOne by TLS, with HTTP/2, through connections that
// can fall silent.
func (b *bench) relay(t *testing.T) *proxy.Proxy {
	t.Helper()
	server := httptest.NewUnstartedServer(b.portone)
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that were given up
	server.StartTLS()
	t.Cleanup(server.Close)
	relay, err := proxy.Start(strings.TrimPrefix(server.URL, "https://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(relay.Close)
	t.Cleanup(func() { b.portone.Close() })
	b.url = "https://" + relay.Addr
	return relay
}

// issue requests receipts of the given kind, which PortOne has issued.
func (b *bench) issue(t *testing.T, kind string, n int) (impUIDs []string) {
	t.Helper()
	for i := range n {
		r := tasks.Revocation{ImpUID: fmt.Sprintf("imp_%s_%d", kind, i), PG: tasks.KCP}
		b.portone.Issue(iamporttest.Receipt{ImpUID: r.ImpUID, PG: r.PG})
		b.enqueue(t, r)
		impUIDs = append(impUIDs, r.ImpUID)
	}
	return impUIDs
}

// keepTrying lets attempts go on for longer than a test.
func keepTrying(config *worker.Config) {
	config.Schedule.Attempts, config.Schedule.Base, config.Schedule.Max = 100, 100*time.Millisecond, time.Second
}

func TestSilentConnectionsHoldNothingUp(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{Latency: iamporttest.Latency{Median: 50 * time.Millisecond}})
		relay := b.relay(t)
		b.start(t, keepTrying)
		for _, impUID := range b.issue(t, "before", 40) {
			b.await(t, impUID, terminal)
		}
		relay.Silence(false)
		began := time.Now()
		again := 0
		for _, impUID := range b.issue(t, "after", 40) {
			o := b.await(t, impUID, terminal)
			truth, _ := b.portone.Truth(impUID)
			if o.Status != outcome.Revoked || truth.Deletes != 1 {
				t.Errorf("%s: got %s %s after %d DELETE", impUID, o.Status, o.Reason, truth.Deletes)
			}
			if o.Attempts > 1 { // one timed out, and may have taken effect
				again++
				if truth.Lookups == 0 {
					t.Errorf("%s: no lookup between a DELETE that timed out and the next", impUID)
				}
			}
		}
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("all revoked after %v, want 20s at most", took)
		}
		if again == 0 {
			t.Error("no attempt was lost on a silent connection: this shows nothing")
		}
	})
}

func TestSilentPortOneIsNotReady(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Embedded(t), iamporttest.Config{})
	relay := b.relay(t)
	w, _ := b.startWorker(t, keepTrying)
	ready := func() bool { return w.Ready(t.Context()) == nil }
	for _, impUID := range b.issue(t, "before", 1) {
		b.await(t, impUID, terminal)
	}
	eventually(t, "it is ready", ready)

	relay.Silence(true)
	after := b.issue(t, "after", 20)
	eventually(t, "it is not ready while nothing gets through", func() bool { return !ready() })
	if err := w.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), "PortOne") {
		t.Errorf("got %v, want what is wrong with PortOne", err)
	}
	if err := w.Alive(); err != nil {
		t.Errorf("a restart mends nothing: %v", err)
	}

	relay.Silence(false)
	eventually(t, "it is ready again", ready)
	for _, impUID := range after {
		if o := b.await(t, impUID, terminal); o.Status != outcome.Revoked {
			t.Errorf("%s: got %s %s", impUID, o.Status, o.Reason)
		}
	}
}
