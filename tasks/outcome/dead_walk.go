package outcome

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// DeadPlace is a place in the list of dead letters, on the way through it, or likewise among
// what is open. The zero place is before all of it.
type DeadPlace struct {
	begun, end bool
	score      int64           // of the last one
	seen       map[string]bool // those of that score
}

// End reports whether nothing comes after the place.
func (p DeadPlace) End() bool { return p.end }

// DeadSince yields the imp_uids of all dead letters that became so at the
// given time or later, in pages, oldest first. Letters that come or go
// meanwhile may or may not be among them. An error ends it.
func (s *Store) DeadSince(ctx context.Context, since time.Time) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		place := DeadPlace{begun: true, score: max(since.UnixMilli(), 0)}
		for {
			page, next, err := s.deadPage(ctx, place, false)
			if err != nil {
				yield(nil, err)
				return
			}
			if len(page) == 0 || !yield(page, nil) {
				return
			}
			place = next
		}
	}
}

// CountDead counts the next page of dead letters by reason, from the newest to
// the oldest, and returns the place after it, so that a caller decides how much
// a moment may cost. The empty reason counts letters whose outcome is gone.
// Letters that come or go between two pages may or may not be counted.
func (s *Store) CountDead(ctx context.Context, from DeadPlace) (map[Reason]int, DeadPlace, error) {
	if from.end {
		return nil, from, nil
	}
	page, next, err := s.deadPage(ctx, from, true)
	if err != nil {
		return nil, from, err
	}
	replies := make([]*redis.StringCmd, len(page))
	_, err = s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, impUID := range page {
			replies[i] = p.HGet(ctx, s.outcomeKey(impUID), "reason")
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

// deadPage returns the imp_uids after a place, to the newer ones or back to the
// older ones, and the place after them.
func (s *Store) deadPage(ctx context.Context, from DeadPlace, back bool) ([]string, DeadPlace, error) {
	args := redis.ZRangeArgs{
		Key: s.deadKey(), ByScore: true, Start: "-inf", Stop: "+inf", Count: int64(pageSize + len(from.seen)),
	}
	if back {
		args.Rev, args.Start, args.Stop = true, "+inf", "-inf"
	}
	if from.begun {
		args.Start = strconv.FormatInt(from.score, 10)
	}
	letters, err := s.client.ZRangeArgsWithScores(ctx, args).Result()
	if err != nil {
		return nil, from, fmt.Errorf("list the dead letters: %w", err)
	}
	page, next := from.after(letters)
	return page, next, nil
}

// after returns those that were read from a place on and are after it, and the place after
// them.
func (p DeadPlace) after(read []redis.Z) (page []string, next DeadPlace) {
	next = DeadPlace{begun: p.begun, score: p.score, seen: maps.Clone(p.seen)}
	for _, letter := range read {
		impUID, _ := letter.Member.(string)
		if score := int64(letter.Score); next.seen == nil || score != next.score {
			next = DeadPlace{begun: true, score: score, seen: make(map[string]bool)}
		}
		if !next.seen[impUID] {
			next.seen[impUID] = true
			page = append(page, impUID)
		}
	}
	next.end = len(page) == 0
	return page, next
}
