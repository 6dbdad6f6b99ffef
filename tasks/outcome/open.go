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

// PostponeAll does so for many imp_uids, in one round trip, and never lets one
// be overdue earlier than before.
func (s *Store) PostponeAll(ctx context.Context, impUIDs []string, until time.Time) error {
	if len(impUIDs) == 0 {
		return nil
	}
	members := make([]redis.Z, len(impUIDs))
	for i, impUID := range impUIDs {
		members[i] = redis.Z{Score: float64(until.UnixMilli()), Member: impUID}
	}
	if err := s.client.ZAddArgs(ctx, s.openKey(), redis.ZAddArgs{XX: true, GT: true, Members: members}).Err(); err != nil {
		return fmt.Errorf("postpone %d imp_uids: %w", len(impUIDs), err)
	}
	return nil
}

// Close takes imp_uids that have no outcome any more off the open ones.
func (s *Store) Close(ctx context.Context, impUIDs ...string) error {
	if len(impUIDs) == 0 {
		return nil
	}
	members := make([]any, len(impUIDs))
	for i, impUID := range impUIDs {
		members[i] = impUID
	}
	if err := s.client.ZRem(ctx, s.openKey(), members...).Err(); err != nil {
		return fmt.Errorf("close %d imp_uids: %w", len(impUIDs), err)
	}
	return nil
}

// Forgotten reports whether an outcome written at the given time has ended its
// life by now. It is false for the zero time.
func (s *Store) Forgotten(written time.Time) bool {
	return !written.IsZero() && written.Add(s.config.TTL).Before(s.config.Now())
}
