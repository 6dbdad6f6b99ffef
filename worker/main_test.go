package worker_test

import (
	"os"
	"testing"

	"receiptrevoker/tasks/redistest"
)

// TestMain keeps the Redis client from telling of every trouble that is made.
func TestMain(m *testing.M) {
	redistest.Silence()
	os.Exit(m.Run())
}
