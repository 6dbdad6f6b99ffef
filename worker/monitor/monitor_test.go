package monitor_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hibiken/asynq"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/redistest"
	"receiptrevoker/worker/monitor"
)

func TestUIShowsQueuesAndChangesNothing(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	task, err := tasks.NewTask(tasks.Revocation{ImpUID: "imp_1", PG: tasks.KCP})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := asynq.NewClientFromRedisClient(client).EnqueueContext(t.Context(), task); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(monitor.Handler(client))
	defer server.Close()

	for path, want := range map[string]string{
		"/":                                      "<title>Asynq",
		"/api/queues":                            `"queue":"receipts-kcp"`,
		"/api/queues/receipts-kcp/pending_tasks": `"id":"revoke:imp_1"`,
		"/api/queues/receipts-kcp/completed_tasks": `"tasks":[]`,
	} {
		response, err := http.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK || !strings.Contains(string(body), want) {
			t.Errorf("%s: %s without %s: %.300s", path, response.Status, want, body)
		}
	}
	response, err := http.Post(server.URL+"/api/queues/receipts-kcp:pause", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if paused := client.Exists(t.Context(), "asynq:{receipts-kcp}:paused").Val(); paused != 0 || response.StatusCode < 400 {
		t.Errorf("pausing a queue: %s, paused %d", response.Status, paused)
	}
}
