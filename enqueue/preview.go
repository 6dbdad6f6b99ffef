package enqueue

import (
	"context"
	"iter"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// Check yields every line of a list as [Batch.Ask] would take it, as far as that is seen
// without Redis: its kind is [outcome.KindInvalid], [outcome.KindRepeated], or 0 where it
// would be asked for. It keeps the imp_uids alone, about 25 bytes each.
func Check(lines iter.Seq[Line]) iter.Seq[LineResult] {
	return func(yield func(LineResult) bool) {
		var firsts firsts
		for line := range lines {
			if !yield(check(&firsts, line, line.revocation())) {
				return
			}
		}
	}
}

// check returns a line as invalid or repeated if it is that by itself or by those before
// it. Without firsts, it is judged by itself. r is what would be asked for.
func check(firsts *firsts, line Line, r tasks.Revocation) LineResult {
	result := LineResult{Line: line}
	if result.Invalid == nil {
		result.Invalid = r.ValidateNew()
	}
	if result.Invalid == nil && firsts != nil {
		at := placeOf(line)
		first, again := firsts.add(line.ImpUID, at)
		switch {
		case again && at.contradicts(first):
			result.Line = line.contradicting(first.line, "that one is asked for, since the list is read only once")
		case again:
			result.Kind, result.First = outcome.KindRepeated, int(first.line)
		}
	}
	if result.Invalid != nil {
		result.Kind = outcome.KindInvalid
	}
	return result
}

// LinePreview is what would come of asking for a line now.
type LinePreview struct {
	LineResult
	// Status is how far the line's imp_uid has come, empty if nothing is known of it, and
	// Reason is why; see [outcome.Preview].
	Status outcome.Status
	Reason outcome.Reason
}

// Preview tells what would come of asking for lines, in their order: a line to which
// [Check] gives the kind 0 becomes [outcome.KindQueued], [outcome.KindElsewhere] or
// [outcome.KindInvalid], any other stays what it is. Nothing is asked for, and nothing is
// written. It takes one round trip, in which Redis answers nobody else: 250 lines are
// fitting.
//
// The error is that of Redis, or [ErrOlderWorker] where [Batch.Ask] would return it.
func (c *Client) Preview(ctx context.Context, lines []LineResult) ([]LinePreview, error) {
	previews := make([]LinePreview, len(lines))
	open, requests := make([]int, 0, len(lines)), make([]tasks.Revocation, 0, len(lines))
	for i, line := range lines {
		previews[i].LineResult = line
		if line.Kind != 0 {
			continue
		}
		r := line.revocation()
		if err := c.workers.Understand(ctx, r); err != nil {
			return nil, err
		}
		open, requests = append(open, i), append(requests, r)
	}
	known, err := c.outcomes.Preview(ctx, requests)
	for n, is := range known {
		p := &previews[open[n]]
		p.Kind, p.Status, p.Reason = is.Kind, is.Status, is.Reason
		if p.Kind == outcome.KindInvalid {
			p.Invalid = p.otherReceipt()
		}
	}
	return previews, err
}
