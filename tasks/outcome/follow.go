package outcome

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks/redisfault"
	"receiptrevoker/tasks/wait"
)

const (
	// followWait is how long a follower waits for an entry in one command. It stays
	// below go-redis' default read timeout of 3 s.
	followWait = 2 * time.Second
	// followBack is how far before its position a follower continues where Redis lost its
	// latest data: the clock of the Redis that took over may be behind by less than that.
	followBack = 10 * time.Minute
)

// ErrMissed is matched where a follower may have missed outcomes, since the stream does
// not have the entry any more after which it continues: Redis trimmed it, or lost it with
// its data. What was missed, [Store.Many] tells for imp_uids that are still awaited.
var ErrMissed = errors.New("outcomes may have been missed")

// Follow yields the terminal outcomes after the entry with the given ID, "0" or nothing
// for all that the stream still has, and waits for new ones. It ends when ctx is done,
// within two seconds, and never by itself. An error is yielded and the following goes
// on; the ID beside it is the position from which:
//
//   - An entry that cannot be read comes with a [*CorruptError] and its own ID, once.
//   - An error that matches [ErrMissed] says that the entry at the position is gone.
//     Where nothing up to it is left the following continues at the stream's beginning;
//     otherwise Redis lost its latest data, and it continues ten minutes before the
//     position, so that outcomes come again.
//   - Any other error is Redis' own, by which the position stays. It is tried again
//     after 50 ms, doubling up to 5 s, and yielded each time.
func (s *Store) Follow(ctx context.Context, after string) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		after, backoff := cmp.Or(after, streamStart), redisfault.Backoff()
		for ctx.Err() == nil {
			entries, err := s.await(ctx, after)
			if err != nil && ctx.Err() == nil {
				var gone *goneError
				if errors.As(err, &gone) {
					after = gone.from
				}
				if !yield(Event{ID: after}, fmt.Errorf("follow the stream of outcomes: %w", err)) {
					return
				}
				if delay, _ := backoff.Next(); gone == nil {
					_ = wait.For(ctx, delay)
				}
				continue
			}
			backoff = redisfault.Backoff()
			for _, entry := range entries {
				after = entry.ID
				if !yield(event(entry)) {
					return
				}
			}
		}
	}
}

// EventsAfter yields what [Store.Events] does, and tells where outcomes may have been missed:
// an error that matches [ErrMissed] is yielded, and the reading continues, as in [Store.Follow].
func (s *Store) EventsAfter(ctx context.Context, after string) iter.Seq2[Event, error] {
	after = cmp.Or(after, streamStart)
	return func(yield func(Event, error) bool) {
		for ctx.Err() == nil {
			entries, err := s.page(ctx, after)
			var gone *goneError
			if errors.As(err, &gone) {
				after = gone.from
			}
			if err != nil && ctx.Err() == nil && !yield(Event{ID: after}, fmt.Errorf("read the stream of outcomes: %w", err)) {
				return
			}
			for _, entry := range entries {
				after = entry.ID
				if !yield(event(entry)) {
					return
				}
			}
			if len(entries) == 0 && gone == nil {
				return
			}
		}
	}
}

// await returns the next entries after a position, none if none came for a while. The
// error is that of page.
func (s *Store) await(ctx context.Context, after string) ([]redis.XMessage, error) {
	if entries, err := s.page(ctx, after); err != nil || len(entries) > 0 {
		return entries, err
	}
	next := s.from(after)
	next.Block, next.Count = followWait, 1
	_, err := entriesOf(s.client.XRead(ctx, next)) // what came is read with a look at the position
	return nil, err
}

// page returns the next entries after a position, without waiting for one. The error is a
// [*goneError] if the stream does not have the position's entry any more.
//
// The entry is looked for after the page is read, not before: so nothing can be trimmed
// unseen in between.
func (s *Store) page(ctx context.Context, after string) ([]redis.XMessage, error) {
	var next *redis.XStreamSliceCmd
	var at *redis.XMessageSliceCmd
	_, _ = s.client.Pipelined(ctx, func(p redis.Pipeliner) error { // each reply has its own error
		next, at = p.XRead(ctx, s.from(after)), p.XRevRangeN(ctx, s.streamKey(), after, after, 1)
		return nil
	})
	entries, err := entriesOf(next)
	switch {
	case cmp.Or(err, at.Err()) != nil:
		return nil, cmp.Or(err, at.Err())
	case len(at.Val()) == 0 && after != streamStart:
		return nil, s.gone(ctx, after)
	}
	return entries, nil
}

// goneError says that the stream does not have the entry after which it is followed.
type goneError struct{ entry, from string }

func (e *goneError) Error() string {
	how := "going on at the stream's beginning"
	if e.from != streamStart {
		how = "going on after " + e.from
	}
	return fmt.Sprintf("entry %s was trimmed, or lost with Redis' data: %v; %s", e.entry, ErrMissed, how)
}

func (e *goneError) Unwrap() error { return ErrMissed }

// gone returns a [*goneError], or the error of Redis by which it cannot tell where to
// continue.
func (s *Store) gone(ctx context.Context, entry string) error {
	last, err := s.lastUntil(ctx, entry)
	if err != nil {
		return err
	}
	from, back := streamStart, written(entry).Add(-followBack)
	if !written(last).Before(back) { // the same stream, which lost its end
		if from, err = s.Before(ctx, back); err != nil {
			return err
		}
	}
	return &goneError{entry: entry, from: from}
}

// written returns the time in a stream entry's ID.
func written(id string) time.Time {
	millis, _, _ := strings.Cut(id, "-")
	at, err := strconv.ParseInt(millis, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(at).UTC()
}
