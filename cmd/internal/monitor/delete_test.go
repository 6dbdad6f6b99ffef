package monitor_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/cmd/internal/monitor"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// What is deleted in the Asynq web UI is cancelled: a request without a task would be
// enqueued again.
func TestDeletingATaskCancelsTheRequest(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		method, path, body string
		cancelled          string // which of imp_1, imp_2 and imp_3
	}{
		"one":          {"DELETE", "/asynq/api/queues/receipts-kcp/pending_tasks/revoke:imp_1", "", "1"},
		"one, escaped": {"DELETE", "/asynq/api/queues/receipts-kcp/pending_tasks/revoke%3Aimp_1", "", "1"},
		"some": {
			"POST", "/asynq/api/queues/receipts-kcp/pending_tasks:batch_delete", `{"task_ids":["revoke:imp_1","revoke:imp_3"]}`, "13",
		},
		"all":                 {"DELETE", "/asynq/api/queues/receipts-kcp/pending_tasks:delete_all", "", "123"},
		"all of another list": {"DELETE", "/asynq/api/queues/receipts-kcp/retry_tasks:delete_all", "", ""},
		"no deletion":         {"POST", "/asynq/api/queues/receipts-kcp/pending_tasks/revoke:imp_1:archive", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				store := outcome.NewStore(client, outcome.Config{})
				for _, impUID := range []string{"imp_1", "imp_2", "imp_3"} {
					r := tasks.Revocation{ImpUID: impUID, PG: tasks.KCP}
					if _, err := store.Ask(t.Context(), r); err != nil {
						t.Fatal(err)
					}
					enqueue(t, client, r)
				}
				act(t, client, test.method, test.path, test.body)
				for _, n := range []string{"1", "2", "3"} {
					got := client.HExists(t.Context(), "{receipt}:request:imp_"+n, "withdrawn").Val()
					if want := strings.Contains(test.cancelled, n); got != want {
						t.Errorf("imp_%s is cancelled: %t, want %t", n, got, want)
					}
				}
			})
		})
	}
}

// act lets a person change something on the web site.
func act(t *testing.T, client *redis.Client, method, path, body string) {
	t.Helper()
	if w := changing(t, client, method, path, body); w.Code >= http.StatusBadRequest {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
}

// changing lets a person try to.
func changing(t *testing.T, client *redis.Client, method, path, body string) *httptest.ResponseRecorder {
	t.Helper()
	site := newSite(t, client, monitor.Config{Access: guarded(t), AllowActions: true})
	r := httptest.NewRequest(method, "http://127.0.0.1:8980"+path, strings.NewReader(body))
	r.Header.Set("Origin", "http://127.0.0.1:8980")
	r.Header.Set("Cookie", logIn(t, site))
	w := httptest.NewRecorder()
	site.ServeHTTP(w, r)
	return w
}

// A task that is left of an earlier request, on another queue, is none of the request's.
func TestDeletingAnEarlierTaskLeavesTheRequestAlone(t *testing.T) {
	t.Parallel()
	const archived, pending = "receipts-bulk-kcp/archived_tasks", "receipts-bulk-kcp/pending_tasks"
	for name, test := range map[string]struct {
		method, path, body string
		own                string // what becomes of the request's own task
		cancelled          bool
	}{
		"one":                                 {"DELETE", archived + "/revoke:imp_1", "", "", false},
		"some":                                {"POST", archived + ":batch_delete", `{"task_ids":["revoke:imp_1","x"]}`, "", false},
		"all":                                 {"DELETE", archived + ":delete_all", "", "", false},
		"its own is archived":                 {"DELETE", archived + ":delete_all", "", "archive", false},
		"its own is gone":                     {"DELETE", archived + ":delete_all", "", "delete", true},
		"one that waits, its own, too":        {"DELETE", pending + "/revoke:imp_1", "", "", false},
		"one that waits, its own is archived": {"DELETE", pending + "/revoke:imp_1", "", "archive", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				inspector := asynq.NewInspectorFromRedisClient(client)
				earlier := tasks.Revocation{ImpUID: "imp_1", PG: tasks.KCP, Batch: "b"}
				enqueue(t, client, earlier)
				if strings.Contains(test.path, "archived") {
					if err := inspector.ArchiveTask("receipts-bulk-kcp", "revoke:imp_1"); err != nil {
						t.Fatal(err)
					}
				}
				own := tasks.Revocation{ImpUID: "imp_1", PG: tasks.KCP}
				if _, err := outcome.NewStore(client, outcome.Config{}).Ask(t.Context(), own); err != nil {
					t.Fatal(err)
				}
				enqueue(t, client, own)
				var err error
				switch test.own {
				case "archive":
					err = inspector.ArchiveTask("receipts-kcp", "revoke:imp_1")
				case "delete":
					err = inspector.DeleteTask("receipts-kcp", "revoke:imp_1")
				}
				if err != nil {
					t.Fatal(err)
				}
				act(t, client, test.method, "/asynq/api/queues/"+test.path, test.body)
				if got := client.HExists(t.Context(), "{receipt}:request:imp_1", "withdrawn").Val(); got != test.cancelled {
					t.Errorf("the request is cancelled: %t, want %t", got, test.cancelled)
				}
			})
		})
	}
}

// The site of one namespace changes no queue of another.
func TestSiteChangesNoQueueOfAnotherNamespace(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		queue := asynq.NewClientFromRedisClient(client)
		for _, name := range []string{"receipts-kcp", "acme:receipts-kcp", "mail"} {
			if _, err := queue.EnqueueContext(t.Context(), asynq.NewTask("x", nil), asynq.Queue(name), asynq.TaskID("a")); err != nil {
				t.Fatal(err)
			}
		}
		for _, path := range []string{":pause", ":resume", "/pending_tasks/a:archive", "/archived_tasks/a:run", "/pending_tasks:archive_all"} {
			for name, refused := range map[string]bool{"acme:receipts-kcp": true, "acme%3Areceipts-kcp": true, "receipts-kcp": false, "mail": false} {
				got := changing(t, client, http.MethodPost, "/asynq/api/queues/"+name+path, "").Code
				if (got == http.StatusForbidden) != refused {
					t.Errorf("POST %s%s: got %d, want that it is refused: %t", name, path, got, refused)
				}
			}
		}
	})
}
