package outcome

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// pageSize is how many imp_uids or stream entries are read in one round trip.
const pageSize = 500

// streamStart is the position before the stream's first entry.
const streamStart = "0"

// An Event is one entry of the stream: an outcome that became terminal, or was
// settled by a person. An imp_uid may come more than once.
type Event struct {
	// ID is the entry's ID in the stream: the position from which [Store.Follow] goes
	// on with the next.
	ID      string
	Outcome Outcome
}

// Last returns the ID of the stream's last entry, "0" if it has none: from there,
// [Store.Follow] continues with what comes next.
func (s *Store) Last(ctx context.Context) (string, error) { return s.lastUntil(ctx, "+") }

// Before returns the position from which [Store.Follow] continues with what ended at a
// time or later, by Redis' clock and to the millisecond: "0" if the stream has nothing
// older.
func (s *Store) Before(ctx context.Context, at time.Time) (string, error) {
	if at.UnixMilli() <= 0 {
		return streamStart, nil
	}
	return s.lastUntil(ctx, strconv.FormatInt(at.UnixMilli()-1, 10)) // with any sequence number
}

// lastUntil returns the ID of the last entry up to an ID, "0" if there is none.
func (s *Store) lastUntil(ctx context.Context, id string) (string, error) {
	entries, err := s.client.XRevRangeN(ctx, s.streamKey(), id, "-", 1).Result()
	if err != nil {
		return "", fmt.Errorf("look for a position in the stream of outcomes: %w", err)
	}
	if len(entries) == 0 {
		return streamStart, nil
	}
	return entries[0].ID, nil
}

// Events yields the terminal outcomes after the entry with the given ID, "0" for all
// that the stream still has, and ends at the last one. An error of Redis ends it; an
// entry that cannot be read is yielded with a [*CorruptError], and passed over.
func (s *Store) Events(ctx context.Context, after string) iter.Seq2[Event, error] {
	after = cmp.Or(after, streamStart)
	return func(yield func(Event, error) bool) {
		for ctx.Err() == nil {
			entries, err := entriesOf(s.client.XRead(ctx, s.from(after)))
			if err != nil && ctx.Err() == nil {
				yield(Event{ID: after}, fmt.Errorf("read the stream of outcomes: %w", err))
				return
			}
			for _, entry := range entries {
				after = entry.ID
				if !yield(event(entry)) {
					return
				}
			}
			if len(entries) == 0 {
				return
			}
		}
	}
}

// from says what to read of the stream: a page after an entry, without waiting for one.
func (s *Store) from(after string) *redis.XReadArgs {
	return &redis.XReadArgs{Streams: []string{s.streamKey(), after}, Count: pageSize, Block: -1}
}

// entriesOf returns the entries of one stream, none where nothing came.
func entriesOf(reply *redis.XStreamSliceCmd) ([]redis.XMessage, error) {
	streams, err := reply.Result()
	if errors.Is(err, redis.Nil) || err == nil && len(streams) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return streams[0].Messages, nil
}

// event reads an entry. The error is a [*CorruptError].
func event(entry redis.XMessage) (Event, error) {
	values := make(map[string]string, len(entry.Values))
	for name, value := range entry.Values {
		values[name], _ = value.(string)
	}
	o, err := decode(values)
	if err == nil && (o.ImpUID == "" || !o.Status.Terminal()) {
		err = fmt.Errorf("imp_uid %q, status %q: it is no outcome that has ended", o.ImpUID, o.Status)
	}
	if err != nil {
		err = &CorruptError{ImpUID: o.ImpUID, Err: fmt.Errorf("stream entry %s: %w", entry.ID, err)}
	}
	return Event{ID: entry.ID, Outcome: o}, err
}
