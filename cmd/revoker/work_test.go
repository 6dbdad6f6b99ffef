package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/iamport/iamporttest"
)

// buffer is a log that is read while it is written.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// await waits until the log has a line with the text.
func (b *buffer) await(t *testing.T, text string) {
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Log(b)
		}
	}()
	redistest.Eventually(t, 30*time.Second, fmt.Sprintf("%q is in the log", text), func() bool {
		return strings.Contains(b.String(), text)
	})
}

// startWork runs 'revoker work' until the test ends.
func startWork(t *testing.T, environment map[string]string) *buffer {
	t.Helper()
	log := &buffer{}
	p := program{stdout: log, stderr: log, getenv: func(name string) string { return environment[name] }}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	go func() { ended <- p.run(ctx, []string{"work"}) }()
	t.Cleanup(func() {
		cancel()
		if code := <-ended; code != exitDone {
			t.Errorf("exit code %d:\n%s", code, log)
		}
	})
	return log
}

func TestWorkWaitsForRedisAndForPortOne(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--appendonly", "yes")
	portone := iamporttest.New(iamporttest.Config{})
	defer portone.Close()
	api := httptest.NewUnstartedServer(portone) // listens, and does not answer
	defer api.Close()
	server.Kill()

	log := startWork(t, map[string]string{
		"REDIS_URL": server.URL(), "IAMPORT_URL": "http://" + api.Listener.Addr().String(),
		"IMP_KEY": iamporttest.DefaultKey, "IMP_SECRET": iamporttest.DefaultSecret,
		"REVOKER_TIMEOUT": "1s", "REVOKER_RETRY_BASE": "10ms", "REVOKER_HTTP": "off",
	})
	log.await(t, `"waiting for Redis"`)
	if err := server.Up(); err != nil {
		t.Fatal(err)
	}
	log.await(t, "no token from PortOne: tasks wait, and nothing is given up")

	queue := enqueue.NewClient(server.Client(t), enqueue.Config{})
	const impUID = "imp_000000000001"
	portone.Issue(iamporttest.Receipt{ImpUID: impUID})
	if _, err := queue.Revoke(t.Context(), tasks.Revocation{ImpUID: impUID}); err != nil {
		t.Fatal(err)
	}
	log.await(t, `"waiting for PortOne"`)
	api.Start()
	o, err := queue.Wait(t.Context(), impUID)
	if err != nil || o.Status != outcome.Revoked || o.Attempts != 1 {
		t.Errorf("got %+v, %v; want it revoked with the first attempt that counts", o, err)
	}
	if strings.Contains(log.String(), iamporttest.DefaultSecret) {
		t.Error("the secret is in the log")
	}
}

// readyz returns the status of /readyz and what it says.
func readyz(t *testing.T, address string) (int, string) {
	t.Helper()
	response, err := http.Get("http://" + address + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func TestWorkOutlivesAnOutageOfRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	var arrived atomic.Int64
	portone := iamporttest.New(iamporttest.Config{
		Latency: iamporttest.Latency{Median: 500 * time.Millisecond},
		OnCall: func(call iamporttest.Call) {
			if call.Operation == iamporttest.OpRevoke {
				arrived.Add(1)
			}
		},
	})
	defer portone.Close()
	api := httptest.NewServer(portone)
	defer api.Close()
	queue := enqueue.NewClient(server.Client(t), enqueue.Config{})
	var awaited []string
	for i := range 100 {
		impUID := fmt.Sprintf("imp_%012d", i)
		portone.Issue(iamporttest.Receipt{ImpUID: impUID, PG: tasks.KCP})
		if _, err := queue.Revoke(t.Context(), tasks.Revocation{ImpUID: impUID, PG: tasks.KCP}); err != nil {
			t.Fatal(err)
		}
		awaited = append(awaited, impUID)
	}

	log := startWork(t, map[string]string{
		"REDIS_URL": server.URL(), "IAMPORT_URL": api.URL, "REVOKER_HTTP": "127.0.0.1:0",
		"IMP_KEY": iamporttest.DefaultKey, "IMP_SECRET": iamporttest.DefaultSecret,
	})
	log.await(t, `"msg":"revoked"`) // twenty at a time: more are in flight
	_, rest, _ := strings.Cut(log.String(), `"http":"`)
	address, _, _ := strings.Cut(rest, `"`)
	server.Kill()
	log.await(t, "Redis is away")
	code, text := readyz(t, address)
	if code != http.StatusServiceUnavailable || !strings.Contains(text, "redis does not work") {
		t.Errorf("while Redis is away /readyz says %d %s", code, text)
	}
	redistest.Eventually(t, time.Minute, "all calls in flight are answered, and not all is written", func() bool {
		revoked := portone.Stats().Revoked
		return int64(revoked) == arrived.Load() && revoked > strings.Count(log.String(), `"msg":"revoked"`)
	})
	if err := server.Up(); err != nil {
		t.Fatal(err)
	}
	log.await(t, "Redis is back")
	if code, text := readyz(t, address); code != http.StatusOK {
		t.Errorf("when Redis is back /readyz says %d %s", code, text)
	}

	for o, err := range queue.WaitMany(t.Context(), awaited) {
		if err == nil && o.Status != outcome.Revoked {
			t.Errorf("%s is %s: %s", o.ImpUID, o.Status, o.Reason)
		}
	}
	for truth := range portone.Truths() {
		if truth.Effective != 1 {
			t.Errorf("%s was revoked %d times", truth.ImpUID, truth.Effective)
		}
	}
	if n := strings.Count(log.String(), "Redis is away"); n != 1 {
		t.Errorf("the outage was told %d times", n)
	}
	if n := strings.Count(log.String(), `"WARN"`) + strings.Count(log.String(), `"ERROR"`); n > 20 {
		t.Errorf("%d complaints of one outage:\n%s", n, log)
	}
}

// Workers of one machine need nothing set up between them, where they listen neither.
func TestWorkersOfOneMachineListenSideBySide(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Start(t).URL(), iamporttest.Config{}).with(map[string]string{"REVOKER_HTTP": ""})
	addresses := make(map[string]bool)
	for range 2 {
		log := startWork(t, w.environment)
		log.await(t, `"msg":"listening"`)
		_, rest, _ := strings.Cut(log.String(), `"http":"`)
		address, _, _ := strings.Cut(rest, `"`)
		addresses[address] = true
		if code, text := readyz(t, address); code == 0 {
			t.Errorf("%s: %s", address, text)
		}
	}
	if len(addresses) != 2 {
		t.Errorf("they listen at %v, want two addresses", addresses)
	}
}

// Who takes a worker to http:// gets neither key nor secret: the worker, and doctor, which asks for a
// token, send nothing to the proxy of the environment. With the flag for the simulator they do, and say so.
func TestSecretIsNotSentInTheOpen(t *testing.T) {
	t.Parallel()
	const url = "http://api.iamport.example"
	w := newEmbeddedWorld(t).with(map[string]string{"IAMPORT_URL": url})
	for _, command := range []string{"work", "doctor"} {
		code, stdout, stderr := w.run(t.Context(), command)
		if want := map[string]int{"work": exitUsage, "doctor": exitFailed}[command]; code != want {
			t.Errorf("%s: exit code %d, want %d", command, code, want)
		}
		if text := stdout + stderr; !strings.Contains(text, "begin IAMPORT_URL or --iamport-url with https://") ||
			!strings.Contains(text, "REVOKER_INSECURE_PORTONE") {
			t.Errorf("%s does not say what to do:\n%s", command, text)
		}
	}
	w = w.with(map[string]string{"IAMPORT_URL": "http://no-such-name.invalid", "REVOKER_INSECURE_PORTONE": "true"})
	startWork(t, w.environment).await(t, "key and secret are sent without encryption")
}
