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
	// Open are the requests that have not ended, Cancelled those of them that end without a DELETE, and
	// Overdue those that no worker has attempted for a while although their time has come.
	Open, Cancelled, Overdue int64
	// Dead are the dead letters on the list.
	Dead int64
	// Batches are those that have not finished, the one started last first: at
	// most 20, of the latest 100.
	Batches []Batch
}

// Waiting is how many requests are open, and how many of those are cancelled: they end without a
// DELETE.
type Waiting struct{ Open, Cancelled int64 }

// Wanted returns how many may still lead to a DELETE.
func (w Waiting) Wanted() int64 { return w.Open - w.Cancelled }

// Behind says for people, after how many tasks wait, for how many requests they do where those are
// fewer, and how many of these are cancelled: Asynq keeps the task of a request that was cancelled or
// has ended until a worker takes it.
func (w Waiting) Behind(tasks int64) (text string) {
	if w.Open == 0 {
		return ", for no open request"
	}
	if w.Open < tasks {
		text = fmt.Sprintf(", for %d open requests", w.Open)
		if w.Open == 1 {
			text = ", for 1 open request"
		}
	}
	switch w.Cancelled {
	case 0:
		return text
	case w.Open:
		return text + ", all cancelled"
	}
	return fmt.Sprintf("%s, %d of them cancelled", text, w.Cancelled)
}

// Waiting counts the open requests.
func (s *Store) Waiting(ctx context.Context) (Waiting, error) {
	var all, early *redis.IntCmd
	_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		all, early = p.ZCard(ctx, s.openKey()), p.ZCount(ctx, s.openKey(), "-inf", "(0")
		return nil
	})
	if err != nil {
		return Waiting{}, fmt.Errorf("count what is open: %w", err)
	}
	return Waiting{all.Val(), early.Val()}, nil
}

// Overview returns what a glance at all outcomes tells, in two round trips whose cost does
// not depend on how many there are. What is overdue should have gone on by the given time
// ago.
func (s *Store) Overview(ctx context.Context, overdueFor time.Duration) (Overview, error) {
	var now *redis.TimeCmd
	var open, cancelled, overdue, withdrawn, dead *redis.IntCmd
	var names *redis.StringSliceCmd
	_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		now, open, dead = p.Time(ctx), p.ZCard(ctx, s.openKey()), p.ZCard(ctx, s.deadKey())
		cancelled = p.ZCount(ctx, s.openKey(), "-inf", "(0")
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
		Open: open.Val(), Cancelled: cancelled.Val(), Overdue: overdue.Val() + withdrawn.Val(), Dead: dead.Val(),
		Batches: batches[:min(len(batches), overviewBatches)],
	}, err
}
