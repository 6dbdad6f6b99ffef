package outcome

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// DeadPlace is a place in the list of dead letters, on the way from the newest
// to the oldest. The zero place is before the newest.
type DeadPlace struct {
	begun, end bool
	until      int64           // the score of the last one
	seen       map[string]bool // those of that score
}

// End reports whether nothing is behind the place.
func (p DeadPlace) End() bool { return p.end }

// CountDead counts the next page of dead letters by reason and returns the
// place behind it, so that a caller decides how much a moment may cost. The
// empty reason counts letters whose outcome is gone. Letters that come or go
// between two pages may or may not be counted.
func (s *Store) CountDead(ctx context.Context, from DeadPlace) (map[Reason]int, DeadPlace, error) {
	if from.end {
		return nil, from, nil
	}
	page, next, err := s.deadPage(ctx, from)
	if err != nil {
		return nil, from, fmt.Errorf("list the dead letters: %w", err)
	}
	replies := make([]*redis.StringCmd, len(page))
	_, err = s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, impUID := range page {
			replies[i] = p.HGet(ctx, s.hash(impUID), "reason")
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, from, fmt.Errorf("read the reasons of %d dead letters: %w", len(page), err)
	}
	counts := make(map[Reason]int)
	for _, reply := range replies {
		if err := reply.Err(); err != nil && !errors.Is(err, redis.Nil) {
			return nil, from, fmt.Errorf("read the reason of a dead letter: %w", err)
		}
		counts[Reason(reply.Val())]++
	}
	return counts, next, nil
}

// deadPage returns the imp_uids behind a place, and the place behind them.
func (s *Store) deadPage(ctx context.Context, from DeadPlace) ([]string, DeadPlace, error) {
	newest := "+inf"
	if from.begun {
		newest = strconv.FormatInt(from.until, 10)
	}
	letters, err := s.client.ZRangeArgsWithScores(ctx, redis.ZRangeArgs{
		Key: s.deadKey(), ByScore: true, Rev: true, Start: newest, Stop: "-inf", Count: int64(pageSize + len(from.seen)),
	}).Result()
	if err != nil {
		return nil, from, err
	}
	var page []string
	next := from
	next.seen = maps.Clone(from.seen)
	for _, letter := range letters {
		impUID, _ := letter.Member.(string)
		if score := int64(letter.Score); !next.begun || score != next.until {
			next = DeadPlace{begun: true, until: score, seen: make(map[string]bool)}
		}
		if !next.seen[impUID] {
			next.seen[impUID] = true
			page = append(page, impUID)
		}
	}
	next.end = len(page) == 0
	return page, next, nil
}
