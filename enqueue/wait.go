package enqueue

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/wait"
)

const (
	// checkPage is how many outcomes are read in one round trip.
	checkPage = 500
	// lookEvery is how often the stream is read.
	lookEvery = 100 * time.Millisecond
	// checkEvery is how often a page of those still awaited is read, in case
	// the stream has been trimmed or Redis lost it.
	checkEvery = time.Second
)

// WaitMany yields the outcome of each of the imp_uids as it becomes terminal,
// in the order of time, and ends when all have been yielded or ctx is done. A
// dead letter that turns out to be revoked later is not yielded again.
//
// An error of Redis is yielded too, with an empty outcome, and does not end
// it: the waiting goes on a second later. An imp_uid of which something is kept
// that is no outcome is yielded once, with a [*outcome.CorruptError] and as much
// as can be read, and is not waited for any longer.
func (c *Client) WaitMany(ctx context.Context, impUIDs []string) iter.Seq2[outcome.Outcome, error] {
	return func(yield func(outcome.Outcome, error) bool) {
		w := &waiting{store: c.outcomes, order: slices.Clone(impUIDs), pending: make(map[string]bool, len(impUIDs))}
		for _, impUID := range impUIDs {
			w.pending[impUID] = true
		}
		for len(w.pending) > 0 && ctx.Err() == nil {
			err := w.round(ctx, yield)
			if w.left {
				return
			}
			if err == nil || ctx.Err() != nil {
				continue
			}
			if !yield(outcome.Outcome{}, err) {
				return
			}
			_ = wait.For(ctx, time.Second)
		}
	}
}

// waiting is what is still awaited.
type waiting struct {
	store   *outcome.Store
	pending map[string]bool
	order   []string  // those awaited, in the order in which they are read again
	next    int       // where the next page of order begins
	after   string    // the last stream entry seen; empty before the first round
	checked time.Time // when a page was last read
	left    bool      // the one who waited has left
}

// round reads what has come on the stream, and a page of those awaited. The
// first round reads all of them: they may have ended long ago.
func (w *waiting) round(ctx context.Context, yield func(outcome.Outcome, error) bool) error {
	if w.after == "" {
		last, err := w.store.Last(ctx)
		if err != nil {
			return err
		}
		for w.next = 0; w.next < len(w.order) && !w.left; {
			if err := w.check(ctx, yield); err != nil {
				return err
			}
		}
		w.after = last
		return nil
	}
	for event, err := range w.store.Events(ctx, w.after) {
		w.after = event.ID
		if _, corrupt := errors.AsType[*outcome.CorruptError](err); corrupt {
			continue // a page will tell
		}
		if err != nil {
			return err
		}
		if !w.yield(event.Outcome, nil, yield) {
			return nil
		}
	}
	if time.Since(w.checked) < checkEvery {
		_ = wait.For(ctx, lookEvery)
		return nil
	}
	w.checked = time.Now()
	return w.check(ctx, yield)
}

// check reads the next page of those awaited.
func (w *waiting) check(ctx context.Context, yield func(outcome.Outcome, error) bool) error {
	if w.next >= len(w.order) {
		w.order = slices.DeleteFunc(w.order, func(impUID string) bool { return !w.pending[impUID] })
		w.next = 0
	}
	page := w.order[w.next:min(w.next+checkPage, len(w.order))]
	for o, err := range w.store.Each(ctx, page) {
		var corrupt *outcome.CorruptError
		switch {
		case errors.Is(err, outcome.ErrNotFound): // not attempted yet
			continue
		case err != nil && !errors.As(err, &corrupt):
			return err
		case err == nil && !o.Status.Terminal():
			continue
		}
		if !w.yield(o, err, yield) {
			return nil
		}
	}
	w.next += len(page)
	return nil
}

// yield passes on an outcome, or that it cannot be read, if it is awaited. It
// reports false once the one who waited has left.
func (w *waiting) yield(o outcome.Outcome, err error, yield func(outcome.Outcome, error) bool) bool {
	if !w.pending[o.ImpUID] {
		return true
	}
	delete(w.pending, o.ImpUID)
	w.left = !yield(o, err)
	return !w.left
}

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
