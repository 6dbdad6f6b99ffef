package metrics_test

import (
	"net/http"
	"testing"
	"time"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/iamport"
	"receiptrevoker/worker/metrics"
	"receiptrevoker/worker/revoke"
)

// BenchmarkRevocation is what one revocation costs by being counted.
func BenchmarkRevocation(b *testing.B) {
	m := metrics.New()
	for b.Loop() {
		m.OnCall(iamport.Exchange{Op: iamport.OpRevoke, Status: http.StatusOK, Took: time.Millisecond})
		m.OnAttempt(revoke.Ended{PG: tasks.KCP, Status: outcome.Revoked, Reason: outcome.ReasonRevoked, Recorded: true})
	}
}
