package enqueue

import (
	"context"
	"iter"

	"receiptrevoker/tasks/outcome"
)

// Follow yields every outcome that becomes terminal, whoever asked for it, and never
// ends by itself: only with ctx, or when the caller leaves the loop. It begins after the
// event with the given ID, and for an empty one with all that Redis still has, about a
// million outcomes. The caller keeps the ID of the last event, also of one that comes
// with an error, and goes on from there after a restart. An outcome may come more than
// once, and a dead letter that is revoked or retried comes again.
//
// An error needs no action: Redis is asked again after an outage, and an event that
// cannot be read, a [*outcome.CorruptError], is passed over. Only one that matches
// [outcome.ErrMissed] says that outcomes may never come, since Redis trimmed or lost
// them: ask [Client.Outcome] about what is still awaited. [outcome.Store.Follow] has the
// details.
func (c *Client) Follow(ctx context.Context, after string) iter.Seq2[outcome.Event, error] {
	return c.outcomes.Follow(ctx, after)
}
