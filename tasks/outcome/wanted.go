package outcome

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
)

// CountWanted notes in a cancelled batch which of those that are open are called all the same, since another request
// asks for them, and of how many a DELETE may have worked unseen. It goes through all that is open, and takes about
// four seconds for a million.
func (s *Store) CountWanted(ctx context.Context, b *Batch) error {
	found := make(map[string]Outcome)
	for place := (DeadPlace{}); !place.End(); {
		page, next, err := s.openPage(ctx, place)
		if err == nil {
			err = s.ofBatch(ctx, b.Name, page, found)
		}
		if err != nil {
			return err
		}
		place = next
	}
	b.Wanted, b.Unseen, b.UnseenUntil = make(map[tasks.Gateway]int), 0, time.Time{}
	for _, o := range found {
		switch {
		case !o.Withdrawn:
			b.Wanted[tasks.QueueOf(tasks.Revocation{PG: o.PG}).PG]++
		case !o.LookedUpUntil.IsZero():
			if b.Unseen++; o.LookedUpUntil.After(b.UnseenUntil) {
				b.UnseenUntil = o.LookedUpUntil
			}
		}
	}
	return nil
}

// ofBatch adds to found those of a page that a batch asks for and that are open. Those that cannot be read are passed
// over.
func (s *Store) ofBatch(ctx context.Context, name string, page []string, found map[string]Outcome) error {
	for o, err := range s.Each(ctx, page) {
		if _, corrupt := errors.AsType[*CorruptError](err); err != nil && !corrupt {
			return err
		}
		if err == nil && slices.Contains(o.Batches, name) && !o.Status.Terminal() {
			found[o.ImpUID] = Outcome{PG: o.PG, Withdrawn: o.Withdrawn, LookedUpUntil: o.LookedUpUntil}
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
