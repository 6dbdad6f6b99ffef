package worker_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"receiptrevoker/tasks/redistest"
	"receiptrevoker/worker/iamport/iamporttest"
)

// A page of maintenance comes instead of every answer about a receipt, and tokens are given.
func TestNotReadyWhileNothingGetsThrough(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Embedded(t), iamporttest.Config{})
	var maintenance atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if maintenance.Load() && strings.HasPrefix(r.URL.Path, "/receipts/") {
			_, _ = w.Write([]byte("<html>점검 중입니다</html>"))
			return
		}
		b.portone.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	b.url = server.URL
	w, _ := b.startWorker(t)
	eventually(t, "it is ready", func() bool { return w.Ready(t.Context()) == nil })
	maintenance.Store(true)
	b.issue(t, "down", 20)
	eventually(t, "it is not ready", func() bool {
		err := w.Ready(t.Context())
		return err != nil && strings.Contains(err.Error(), "nothing gets through to PortOne") &&
			strings.Contains(err.Error(), "HTTP 200")
	})
	maintenance.Store(false)
	eventually(t, "it is ready again", func() bool { return w.Ready(t.Context()) == nil })
}
