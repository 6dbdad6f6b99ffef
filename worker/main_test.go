package worker_test

import (
	"os"
	"testing"

	"receiptrevoker/bench/redistest"
)

// TestMain keeps the Redis client from telling of every trouble that is made, and lets
// clients trust the tests' servers.
func TestMain(m *testing.M) {
	redistest.Silence()
	redistest.Lighten()
	trustTestServers()
	os.Exit(m.Run())
}
