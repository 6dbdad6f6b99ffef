package outcome

import (
	"context"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
)

// asItIs makes cancelling a dry run that takes a cancelled batch for what it is: a line that
// was retried since then is wanted.
const asItIs = "2"

// Wanted counts, by gateway, those that are open in a cancelled batch and are called all the
// same: somebody else asks for them, or a person has retried them. It goes through all that
// is open, and takes about four seconds for a million.
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

// wanted adds to found those of a page that a batch asks for and that are called.
func (s *Store) wanted(ctx context.Context, name string, page []string, found map[string]tasks.Gateway) error {
	withdrawals, err := s.cancel(ctx, name, page, asItIs)
	if err != nil {
		return err
	}
	var wanted []string
	for i, is := range withdrawals {
		if is == Wanted {
			wanted = append(wanted, page[i])
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	outcomes, err := s.Many(ctx, wanted)
	for _, o := range outcomes {
		found[o.ImpUID] = tasks.QueueOf(tasks.Revocation{PG: o.PG}).PG
	}
	return err
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
