package enqueue

import (
	"context"
	"iter"

	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/outcome"
)

// Cancelled is the effect of a cancellation on one request.
type Cancelled struct {
	ImpUID string
	outcome.Withdrawal
	// Before tells of a batch's line that it had been cancelled before, and nothing has changed.
	Before bool
}

// cancelPage is how many requests are cancelled in one step.
const cancelPage = 500

// Cancel withdraws what is asked for the imp_uids, whoever asked, and yields what became
// of each, in their order: none of them is called any more once it is yielded. One that
// was never called ends as dead, with the reason withdrawn; one that was called before is
// looked up first. A dry run changes nothing. An error ends it.
func (c *Client) Cancel(ctx context.Context, impUIDs iter.Seq[string], dry bool) iter.Seq2[Cancelled, error] {
	return func(yield func(Cancelled, error) bool) {
		page := make([]string, 0, cancelPage)
		for impUID := range impUIDs {
			if page = append(page, impUID); len(page) < cancelPage {
				continue
			}
			if !c.cancelPage(ctx, page, dry, yield) {
				return
			}
			page = page[:0]
		}
		c.cancelPage(ctx, page, dry, yield)
	}
}

// cancelPage cancels some, and reports whether to continue.
func (c *Client) cancelPage(ctx context.Context, page []string, dry bool, yield func(Cancelled, error) bool) bool {
	found, err := c.outcomes.Cancel(ctx, page, dry)
	for i, withdrawal := range found {
		if withdrawal == outcome.Unknown {
			withdrawal, err = c.cancelUnrecorded(ctx, page[i], dry)
		}
		if err != nil {
			break
		}
		if !yield(Cancelled{ImpUID: page[i], Withdrawal: withdrawal}, nil) {
			return false
		}
	}
	if err != nil {
		yield(Cancelled{}, err)
	}
	return err == nil
}

// cancelUnrecorded cancels what a producer asked for that recorded nothing.
func (c *Client) cancelUnrecorded(ctx context.Context, impUID string, dry bool) (outcome.Withdrawal, error) {
	r, found, err := asynqkeys.Find(ctx, c.queue.redis, c.outcomes.Namespace(), impUID)
	switch {
	case err != nil || !found:
		return outcome.Unknown, err
	case dry:
		return outcome.Withdrawn, nil
	}
	if _, err := c.outcomes.Ask(ctx, r); err != nil {
		return outcome.Unknown, err
	}
	again, err := c.outcomes.Cancel(ctx, []string{impUID}, false)
	if err != nil {
		return outcome.Unknown, err
	}
	return again[0], nil
}

// Cancel cancels the batch: nothing more can be asked for in it, also by a producer that
// is at it, and no line is called any more unless another request asks for its receipt too.
// It yields the effect on the lines that have not ended, and goes through all that is
// open to find them; looked, if not nil, is told how many it has looked at. A dry run
// changes nothing. An error ends it; it matches [outcome.ErrNoBatch] if there is none.
func (b *Batch) Cancel(ctx context.Context, dry bool, looked func(int)) iter.Seq2[Cancelled, error] {
	return func(yield func(Cancelled, error) bool) {
		_, err := b.Status(ctx)
		if err == nil && !dry {
			err = b.client.outcomes.MarkCancelled(ctx, b.name)
		}
		if err != nil {
			yield(Cancelled{}, err)
			return
		}
		for page, err := range b.client.outcomes.CancelOpen(ctx, b.name, dry) {
			if err != nil {
				yield(Cancelled{}, err)
				return
			}
			if looked != nil {
				looked(page.Looked)
			}
			for i, impUID := range page.ImpUIDs {
				if !yield(Cancelled{impUID, page.Withdrawals[i], page.Before[i]}, nil) {
					return
				}
			}
		}
	}
}
