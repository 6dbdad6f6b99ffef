package outcome

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// latestBatches is among how many of the latest batches an overview looks
	// for those that have not finished.
	latestBatches = 100
	// overviewBatches is how many of them it has at most.
	overviewBatches = 20
)

// Overview is what a glance at all outcomes tells.
type Overview struct {
	// Open are the requests that have not ended, Overdue those of them that
	// no worker has attempted for a while although their time has come.
	Open, Overdue int64
	// Dead are the dead letters on the list.
	Dead int64
	// Batches are those that have not finished, the one started last first: at
	// most 20, of the latest 100.
	Batches []Batch
}

// Waiting returns how many requests are open, and how many of them are cancelled: they end without
// a call, and stand before the others.
func (s *Store) Waiting(ctx context.Context) (open, cancelled int64, err error) {
	var all, early *redis.IntCmd
	_, err = s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		all, early = p.ZCard(ctx, s.openKey()), p.ZCount(ctx, s.openKey(), "-inf", "(0")
		return nil
	})
	if err != nil {
		return 0, 0, fmt.Errorf("count what is open: %w", err)
	}
	return all.Val(), early.Val(), nil
}

// Overview returns what a glance at all outcomes tells, in two round trips whose cost does
// not depend on how many there are. What is overdue should have gone on by the given time
// ago.
func (s *Store) Overview(ctx context.Context, overdueFor time.Duration) (Overview, error) {
	var now *redis.TimeCmd
	var open, overdue, withdrawn, dead *redis.IntCmd
	var names *redis.StringSliceCmd
	_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		now, open, dead = p.Time(ctx), p.ZCard(ctx, s.openKey()), p.ZCard(ctx, s.deadKey())
		names = p.ZRevRange(ctx, s.batchIndexKey(), 0, latestBatches-1)
		return nil
	})
	if err != nil {
		return Overview{}, fmt.Errorf("look over the outcomes: %w", err)
	}
	batches, err := s.named(ctx, names.Val(), func(p redis.Pipeliner) {
		due := millis(now.Val().Add(-overdueFor))
		overdue = p.ZCount(ctx, s.openKey(), "0", "("+due)
		withdrawn = p.ZCount(ctx, s.openKey(), "(-"+due, "(0") // they stand before the others
	})
	batches = slices.DeleteFunc(batches, Batch.Finished)
	return Overview{
		Open: open.Val(), Overdue: overdue.Val() + withdrawn.Val(), Dead: dead.Val(),
		Batches: batches[:min(len(batches), overviewBatches)],
	}, err
}
