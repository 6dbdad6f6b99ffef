package monitor_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/redistest"
	"receiptrevoker/worker/monitor"
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
			redistest.Both(t, func(t *testing.T, client *redis.Client) {
				store := outcome.NewStore(client, outcome.Config{})
				for _, impUID := range []string{"imp_1", "imp_2", "imp_3"} {
					r := tasks.Revocation{ImpUID: impUID, PG: tasks.KCP}
					if _, err := store.Ask(t.Context(), r); err != nil {
						t.Fatal(err)
					}
					enqueue(t, client, r)
				}
				site := newSite(t, client, monitor.Config{PasswordHash: hash(t), AllowActions: true})
				r := httptest.NewRequest(test.method, "http://127.0.0.1:8980"+test.path, strings.NewReader(test.body))
				r.Header.Set("Origin", "http://127.0.0.1:8980")
				r.Header.Set("Cookie", login(t, site))
				w := httptest.NewRecorder()
				site.ServeHTTP(w, r)
				if w.Code >= http.StatusBadRequest {
					t.Fatalf("%d %s", w.Code, w.Body)
				}
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
