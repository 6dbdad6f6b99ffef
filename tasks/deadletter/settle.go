package deadletter

import (
	"context"

	"receiptrevoker/tasks/outcome"
)

// Settle ends a dead letter by what a person found out about its receipt; see
// [outcome.Store.Settle]. It can be done again by the same statement, and one that stays
// dead can be retried.
func (l *List) Settle(ctx context.Context, letter outcome.Outcome, by outcome.Statement) error {
	return l.outcomes.Settle(ctx, letter.ImpUID, by)
}
