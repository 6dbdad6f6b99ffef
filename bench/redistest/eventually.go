package redistest

import (
	"testing"
	"time"
)

// startTime is how long servers may take to find each other. It only ends a test that would wait for
// ever: on a busy machine a cluster takes seconds.
const startTime = 30 * time.Second

// Eventually waits until something holds, which it asks every 20 ms, and fails the test with the words
// for it where that takes longer than within. The words complete "not within 30s: …", such as "the
// cluster is whole".
func Eventually(t testing.TB, within time.Duration, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(within); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", within, what)
		}
	}
}
