package enqueue

import (
	"context"
	"iter"
	"sync"

	"receiptrevoker/tasks"
)

// RevokeMany asks for each of the revocations and yields a result for each, in
// the order in which the answers come. It reads no further ahead than it has
// requests under way, so that a list of any length takes the same memory and
// is read no faster than Redis answers.
//
// A failure does not end it; breaking off does, and so does ctx: what was not
// yet asked for by then is not yielded.
func (c *Client) RevokeMany(ctx context.Context, revocations iter.Seq[tasks.Revocation]) iter.Seq[Result] {
	return func(yield func(Result) bool) {
		ctx, span := c.tracer.list(ctx, "")
		defer span.End()
		ctx, cancel := context.WithCancel(ctx)
		by := c.many()
		asked := make(chan tasks.Revocation)
		results := make(chan Result)

		var workers sync.WaitGroup
		workers.Go(func() {
			defer close(asked)
			for r := range revocations {
				select {
				case asked <- r:
				case <-ctx.Done():
					return
				}
			}
		})
		for range c.concurrency {
			workers.Go(func() {
				for r := range asked {
					ctx, span := c.tracer.line(ctx, r)
					result, err := c.revoke(ctx, by, r)
					end(span, result.Duplicate, err)
					results <- result
				}
			})
		}
		go func() {
			workers.Wait()
			close(results)
		}()

		defer func() {
			cancel()
			for range results { // lets those under way end
			}
		}()
		for result := range results {
			if !yield(result) {
				return
			}
		}
	}
}
