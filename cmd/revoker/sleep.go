package main

import (
	"context"
	"time"
)

// sleep waits, and no longer than ctx.
func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
