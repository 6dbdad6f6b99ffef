package iamporttest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"receiptrevoker/tasks"
	"receiptrevoker/worker/iamport/iamporttest"
)

// BenchmarkRevoke measures the simulator alone, without HTTP in between: it must
// never be what a benchmark of the worker waits for.
func BenchmarkRevoke(b *testing.B) {
	portone := iamporttest.New(iamporttest.Config{
		Unknown: func(string) (iamporttest.Receipt, bool) { return iamporttest.Receipt{PG: tasks.KCP}, true },
		Faults:  []iamporttest.Rule{{Fault: iamporttest.GatewayFailed, Percent: 1}},
	})
	w := httptest.NewRecorder()
	portone.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/users/getToken",
		strings.NewReader(`{"imp_key":"imp_apikey","imp_secret":"simulator-secret"}`)))
	_, rest, _ := strings.Cut(w.Body.String(), `"access_token":"`)
	token, _, _ := strings.Cut(rest, `"`)

	var n atomic.Int64
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r := httptest.NewRequest(http.MethodDelete, fmt.Sprintf("/receipts/imp_%d", n.Add(1)), nil)
			r.Header.Set("Authorization", "Bearer "+token)
			portone.ServeHTTP(httptest.NewRecorder(), r)
		}
	})
	stats := portone.Stats()
	if done := stats.Revoked + stats.Faults[iamporttest.GatewayFailed]; int64(done) != n.Load() {
		b.Errorf("got %d calls revoked or failed, want all %d", done, n.Load())
	}
}
