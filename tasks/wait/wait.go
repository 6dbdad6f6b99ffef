// Package wait waits, and no longer than a context.
package wait

import (
	"context"
	"time"
)

// For waits for d and returns nil, or returns the cause of ctx as soon as that is done.
func For(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}
