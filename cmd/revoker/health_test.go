package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/worker/iamport/iamporttest"
)

// gatekeeper stands before a simulated PortOne and turns everybody away who asks
// for what it refuses.
type gatekeeper struct {
	refuses atomic.Pointer[string] // the beginning of a path
	portone http.Handler
}

func (g *gatekeeper) refuse(path string) { g.refuses.Store(&path) }

func (g *gatekeeper) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := *g.refuses.Load()
	if path == "" || !strings.HasPrefix(r.URL.Path, path) {
		g.portone.ServeHTTP(w, r)
		return
	}
	status := http.StatusForbidden
	if path == "/users/" {
		status = http.StatusUnauthorized
	}
	w.WriteHeader(status)
	io.WriteString(w, `{"code":-1,"message":"key `+iamporttest.DefaultKey+` 인증 실패","response":null}`)
}

// page is what a worker answers at a path.
type page struct {
	status int
	body   string
}

func get(t *testing.T, address, path string) page {
	t.Helper()
	response, err := http.Get("http://" + address + path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return page{response.StatusCode, string(body)}
}

// awaitPage asks until a page has a status and bears a text, and checks that no
// secret is on it.
func awaitPage(t *testing.T, address, path string, status int, text string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		got := get(t, address, path)
		for _, secret := range []string{iamporttest.DefaultSecret, iamporttest.DefaultKey, "redis-password"} {
			if strings.Contains(got.body, secret) {
				t.Fatalf("a secret is on %s: %s", path, got.body)
			}
		}
		if got.status == status && strings.Contains(got.body, text) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s says %d %s\nwant %d and %s", path, got.status, got.body, status, text)
		}
	}
}

func TestReadySaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--requirepass", "redis-password")
	portone := iamporttest.New(iamporttest.Config{})
	defer portone.Close()
	keeper := &gatekeeper{portone: portone}
	keeper.refuse("/users/")
	api := httptest.NewServer(keeper)
	defer api.Close()
	address := "redis://:redis-password@" + server.Addr + "/0"
	log := startWork(t, map[string]string{
		"REDIS_URL": address, "IAMPORT_URL": api.URL, "REVOKER_HTTP": "127.0.0.1:0",
		"IMP_KEY": iamporttest.DefaultKey, "IMP_SECRET": iamporttest.DefaultSecret,
		"REVOKER_RETRY_BASE": "10ms",
	})
	log.await(t, `"listening"`)
	_, rest, _ := strings.Cut(log.String(), `"http":"`)
	worker, _, _ := strings.Cut(rest, `"`)

	awaitPage(t, worker, "/readyz", http.StatusServiceUnavailable, "no token from PortOne: iamport: get token: HTTP 401")
	awaitPage(t, worker, "/metrics", http.StatusOK, "\nrevoker_ready 0\n")
	awaitPage(t, worker, "/metrics", http.StatusOK, `revoker_api_request_seconds_count{operation="token",status="401"}`)
	keeper.refuse("")
	awaitPage(t, worker, "/readyz", http.StatusOK, "ready\n")

	keeper.refuse("/receipts/")
	options, err := redis.ParseURL(address)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	defer client.Close()
	queue := enqueue.NewClient(client, enqueue.Config{})
	for i := range 40 {
		r := tasks.Revocation{ImpUID: fmt.Sprintf("imp_%012d", i), PG: tasks.Gateways()[i%3]}
		portone.Issue(iamporttest.Receipt{ImpUID: r.ImpUID, PG: r.PG})
		if _, err := queue.Revoke(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	awaitPage(t, worker, "/readyz", http.StatusServiceUnavailable, "the gate of PortOne is closed: no calls")
	awaitPage(t, worker, "/metrics", http.StatusOK, "\n"+`revoker_gate_closed{pg="portone"} 1`+"\n")
	keeper.refuse("")
	awaitPage(t, worker, "/readyz", http.StatusOK, "ready\n")
	awaitPage(t, worker, "/metrics", http.StatusOK, "\n"+`revoker_gate_closed{pg="portone"} 0`+"\n")

	server.Kill()
	awaitPage(t, worker, "/readyz", http.StatusServiceUnavailable, "redis does not work")
	awaitPage(t, worker, "/metrics", http.StatusOK, "\nrevoker_redis_up 0\n")
	awaitPage(t, worker, "/healthz", http.StatusOK, "alive\n")
	if err := server.Up(); err != nil {
		t.Fatal(err)
	}
	awaitPage(t, worker, "/readyz", http.StatusOK, "ready\n")
	awaitPage(t, worker, "/metrics", http.StatusOK, "\nrevoker_redis_up 1\n")
}
