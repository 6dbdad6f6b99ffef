package outcome

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// Overdue returns up to limit imp_uids that were begun, have no terminal
// outcome, and should have gone on before the given time: their lease is over,
// or their next attempt was due. The longest overdue come first.
func (s *Store) Overdue(ctx context.Context, before time.Time, limit int64) ([]string, error) {
	impUIDs, err := s.client.ZRangeArgs(ctx, redis.ZRangeArgs{
		Key: s.openKey(), ByScore: true, Start: "-inf", Stop: strconv.FormatInt(before.UnixMilli(), 10), Count: limit,
	}).Result()
	if err != nil {
		return nil, fmt.Errorf("list what is overdue: %w", err)
	}
	return impUIDs, nil
}

// Postpone lets an imp_uid be overdue no earlier than the given time, if it is
// open at all.
func (s *Store) Postpone(ctx context.Context, impUID string, until time.Time) error {
	err := s.client.ZAddXX(ctx, s.openKey(), redis.Z{Score: float64(until.UnixMilli()), Member: impUID}).Err()
	if err != nil {
		return fmt.Errorf("postpone %s: %w", impUID, err)
	}
	return nil
}

// Close takes an imp_uid that has no outcome any more off the open ones.
func (s *Store) Close(ctx context.Context, impUID string) error {
	if err := s.client.ZRem(ctx, s.openKey(), impUID).Err(); err != nil {
		return fmt.Errorf("close %s: %w", impUID, err)
	}
	return nil
}

// Forgotten reports whether an outcome written at the given time has ended its
// life by now. It is false for the zero time.
func (s *Store) Forgotten(written time.Time) bool {
	return !written.IsZero() && written.Add(s.config.TTL).Before(s.config.Now())
}
