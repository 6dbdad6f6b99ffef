package outcome

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Survey is how much there is, as far as it costs the same at any number of
// outcomes.
type Survey struct {
	// Open are the imp_uids that were begun and have not ended, and Overdue
	// those of them that should have gone on before the given time.
	Open, Overdue int64
	// Dead are the dead letters.
	Dead int64
	// Events are the entries of the stream of outcomes, of which it keeps about
	// EventsKept, and Oldest is when its first was written, the zero time if
	// there is none.
	Events, EventsKept int64
	Oldest             time.Time
}

// Survey counts in one round trip.
func (s *Store) Survey(ctx context.Context, overdueBefore time.Time) (Survey, error) {
	var open, overdue, dead, events *redis.IntCmd
	var first *redis.XMessageSliceCmd
	_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		open, dead, events = p.ZCard(ctx, s.openKey()), p.ZCard(ctx, s.deadKey()), p.XLen(ctx, s.streamKey())
		overdue = p.ZCount(ctx, s.openKey(), "-inf", "("+strconv.FormatInt(overdueBefore.UnixMilli(), 10))
		first = p.XRangeN(ctx, s.streamKey(), "-", "+", 1)
		return nil
	})
	if err != nil {
		return Survey{}, fmt.Errorf("count outcomes: %w", err)
	}
	survey := Survey{
		Open: open.Val(), Overdue: overdue.Val(), Dead: dead.Val(),
		Events: events.Val(), EventsKept: s.config.StreamLength,
	}
	for _, entry := range first.Val() {
		survey.Oldest = written(entry.ID)
	}
	return survey, nil
}

// written returns the time in a stream entry's ID, by Redis' clock.
func written(id string) time.Time {
	millis, _, _ := strings.Cut(id, "-")
	at, err := strconv.ParseInt(millis, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(at).UTC()
}

// Writable returns why Redis takes no writes, nil if it does. It writes a key
// that lives for a second.
func (s *Store) Writable(ctx context.Context) error {
	if err := s.client.Set(ctx, s.key("doctor"), s.now(), time.Second).Err(); err != nil {
		return fmt.Errorf("write a key that lives for a second: %w", err)
	}
	return nil
}
