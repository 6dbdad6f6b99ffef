package revoke

import (
	"context"
	"time"

	"receiptrevoker/tasks/outcome"
)

// Hold keeps the lease of an attempt that was asked for at a time.
func (l *Leases) Hold(a *outcome.Attempt, asked time.Time) { l.hold(a, asked) }

// Valid reports whether an attempt may still call.
func (l *Leases) Valid(ctx context.Context, a *outcome.Attempt) bool { return l.valid(ctx, a) }

// Rank returns in which order a receipt is probed with of which this is known.
func Rank(known outcome.Outcome, bulk, suspect bool) int {
	return candidate{known: known, bulk: bulk, suspect: suspect}.rank()
}
