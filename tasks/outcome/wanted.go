package outcome

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
)

// Wanted counts, by gateway, those that are open in a cancelled batch and are called all the
// same, since another request asks for them. It goes through all that is open, and takes about
// four seconds for a million.
func (s *Store) Wanted(ctx context.Context, name string) (map[tasks.Gateway]int, error) {
	found := make(map[string]tasks.Gateway)
	for place := (DeadPlace{}); !place.End(); {
		page, next, err := s.openPage(ctx, place)
		if err == nil {
			err = s.wanted(ctx, name, page, found)
		}
		if err != nil {
			return nil, err
		}
		place = next
	}
	counts := make(map[tasks.Gateway]int)
	for _, pg := range found {
		counts[pg]++
	}
	return counts, nil
}

// wanted adds to found those of a page that a batch asks for and that are called. Those that
// cannot be read are passed over.
func (s *Store) wanted(ctx context.Context, name string, page []string, found map[string]tasks.Gateway) error {
	for o, err := range s.Each(ctx, page) {
		if _, corrupt := errors.AsType[*CorruptError](err); err != nil && !corrupt {
			return err
		}
		if err == nil && slices.Contains(o.Batches, name) && !o.Withdrawn && !o.Status.Terminal() {
			found[o.ImpUID] = tasks.QueueOf(tasks.Revocation{PG: o.PG}).PG
		}
	}
	return nil
}

// openPage returns the imp_uids after a place among all that is open, and the place after
// them, as deadPage does of the dead letters. The users of producers may do it, too.
func (s *Store) openPage(ctx context.Context, from DeadPlace) ([]string, DeadPlace, error) {
	by := &redis.ZRangeBy{Min: "-inf", Max: "+inf", Count: int64(pageSize + len(from.seen))}
	if from.begun {
		by.Min = strconv.FormatInt(from.score, 10)
	}
	found, err := s.client.ZRangeByScoreWithScores(ctx, s.openKey(), by).Result()
	if err != nil {
		return nil, from, fmt.Errorf("go through what is open: %w", err)
	}
	page, next := from.after(found)
	return page, next, nil
}
