package redistest

import (
	"testing"
	"time"
)

// startTime is how long servers may take to find each other.
const startTime = 30 * time.Second

// Eventually waits until something holds, and fails the test with the words for
// it where that takes longer than within.
func Eventually(t testing.TB, within time.Duration, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(within); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", within, what)
		}
	}
}
