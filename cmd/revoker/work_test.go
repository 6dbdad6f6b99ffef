package main

import (
	"bytes"
	"context"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/redistest"
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
	for deadline := time.Now().Add(30 * time.Second); !strings.Contains(b.String(), text); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no %q in the log:\n%s", text, b)
		}
	}
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
		"REVOKER_TIMEOUT": "1s", "REVOKER_RETRY_BASE": "10ms",
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
	log.await(t, `"reason":"unreachable"`)
	api.Start()
	o, err := queue.Wait(t.Context(), impUID)
	if err != nil || o.Status != outcome.Revoked || o.Attempts != 1 {
		t.Errorf("got %+v, %v; want it revoked with the first attempt that counts", o, err)
	}
	if strings.Contains(log.String(), iamporttest.DefaultSecret) {
		t.Error("the secret is in the log")
	}
}
