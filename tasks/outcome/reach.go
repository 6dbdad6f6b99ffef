package outcome

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Reach is how far back the stream of outcomes reaches.
type Reach struct {
	// Events are its entries, of which it keeps about Kept.
	Events, Kept int64
	// Oldest is when its first entry was written, by Redis' clock; the zero
	// time if there is none.
	Oldest time.Time
}

// Reach returns how far back the stream reaches, in one round trip.
func (s *Store) Reach(ctx context.Context) (Reach, error) {
	var events *redis.IntCmd
	var first *redis.XMessageSliceCmd
	_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		events, first = p.XLen(ctx, s.streamKey()), p.XRangeN(ctx, s.streamKey(), "-", "+", 1)
		return nil
	})
	if err != nil {
		return Reach{}, fmt.Errorf("read how far the stream of outcomes reaches: %w", err)
	}
	reach := Reach{Events: events.Val(), Kept: s.config.StreamLength}
	for _, entry := range first.Val() {
		reach.Oldest = written(entry.ID)
	}
	return reach, nil
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
