package outcome

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// NewestDead returns when the last of the dead letters became so, to the
// millisecond, or the zero time if there is none.
func (s *Store) NewestDead(ctx context.Context) (time.Time, error) {
	letters, err := s.client.ZRangeArgsWithScores(ctx, redis.ZRangeArgs{Key: s.deadKey(), Start: 0, Stop: 0, Rev: true}).Result()
	if err != nil {
		return time.Time{}, fmt.Errorf("find the newest dead letter: %w", err)
	}
	if len(letters) == 0 {
		return time.Time{}, nil
	}
	return time.UnixMilli(int64(letters[0].Score)).UTC(), nil
}

// Listed reports whether an imp_uid is on the list of dead letters, whatever
// its outcome says.
func (s *Store) Listed(ctx context.Context, impUID string) (bool, error) {
	err := s.client.ZScore(ctx, s.deadKey(), impUID).Err()
	if errors.Is(err, redis.Nil) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for %s among the dead letters: %w", impUID, err)
	}
	return true, nil
}

// DeadReasons returns every reason of a dead outcome.
func DeadReasons() []Reason {
	return []Reason{
		ReasonNotIssued, ReasonRefused, ReasonUnsupportedGateway, ReasonAttemptsExhausted,
		ReasonUnconfirmed, ReasonInvalidTask, ReasonCrashed,
	}
}

// TerminalReasons returns the reasons of all outcomes that have ended.
func TerminalReasons() []Reason {
	return append([]Reason{ReasonRevoked, ReasonAlreadyRevoked}, DeadReasons()...)
}

// RetryingReasons returns the reasons of retrying outcomes.
func RetryingReasons() []Reason {
	return []Reason{ReasonPGFailure, ReasonUnreachable, ReasonUnauthorized, ReasonRateLimited, ReasonGatewayPaused}
}
