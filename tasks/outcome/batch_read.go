package outcome

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
)

// ErrNoBatch is matched where there is no batch of that name: none was made,
// or its life is over.
var ErrNoBatch = errors.New("there is no such batch")

// Batch returns how far a batch has come, or an error that matches [ErrNoBatch].
// It takes the same time for any number of lines.
func (s *Store) Batch(ctx context.Context, name string) (Batch, error) {
	var fields *redis.MapStringStringCmd
	var now *redis.TimeCmd
	_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		fields, now = p.HGetAll(ctx, s.batchKey(name)), p.Time(ctx)
		return nil
	})
	if err != nil {
		return Batch{}, fmt.Errorf("read the batch %s: %w", name, err)
	}
	if len(fields.Val()) == 0 {
		return Batch{}, fmt.Errorf("%s: %w", name, ErrNoBatch)
	}
	return decodeBatch(name, fields.Val(), now.Val()), nil
}

// Batches returns every batch, the one started last first.
func (s *Store) Batches(ctx context.Context) ([]Batch, error) { return s.newest(ctx, 0) }

// NewestBatches returns the batches started last, at most as many as asked for
// and the last one first: what it costs does not grow with all that there are.
func (s *Store) NewestBatches(ctx context.Context, most int) ([]Batch, error) {
	if most < 1 {
		return nil, nil
	}
	return s.newest(ctx, most)
}

// newest returns that many batches, or all for 0.
func (s *Store) newest(ctx context.Context, most int) ([]Batch, error) {
	names, err := s.client.ZRevRange(ctx, s.batchIndexKey(), 0, int64(most)-1).Result()
	if err != nil {
		return nil, fmt.Errorf("list the batches: %w", err)
	}
	return s.named(ctx, names, func(redis.Pipeliner) {})
}

// named returns the batches of the names, and reads something else in the same round trip.
func (s *Store) named(ctx context.Context, names []string, also func(redis.Pipeliner)) ([]Batch, error) {
	replies := make([]*redis.MapStringStringCmd, len(names))
	var now *redis.TimeCmd
	_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		now = p.Time(ctx)
		also(p)
		for i, name := range names {
			replies[i] = p.HGetAll(ctx, s.batchKey(name))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read %d batches: %w", len(names), err)
	}
	var batches []Batch
	var gone []any
	for i, name := range names {
		if fields := replies[i].Val(); len(fields) > 0 {
			batches = append(batches, decodeBatch(name, fields, now.Val()))
		} else {
			gone = append(gone, name)
		}
	}
	if len(gone) > 0 { // their life is over
		_ = s.client.ZRem(ctx, s.batchIndexKey(), gone...).Err()
	}
	return batches, nil
}

// decodeBatch reads a batch's hash: single values, and cells such as
// queued:kcp or dead:refused:kcp. What it does not know it passes over.
func decodeBatch(name string, fields map[string]string, now time.Time) Batch {
	b := Batch{
		Name: name, Source: fields["source"],
		Reasons: make(map[Reason]int), Gateways: make(map[tasks.Gateway]GatewayCount),
		StartedAt: parseTime(fields["started_at"]), ChangedAt: parseTime(fields["changed_at"]),
		FinishedAt: parseTime(fields["finished_at"]), CancelledAt: parseTime(fields["cancelled_at"]),
	}
	_, b.Complete = fields["complete"]
	for field, value := range fields {
		parts := strings.Split(field, ":")
		count, err := strconv.Atoi(value)
		if err != nil || len(parts) < 2 {
			continue
		}
		b.add(parts, count)
	}
	b.Lines = b.Queued + b.Elsewhere + b.Repeated + b.Invalid
	b.Open = max(b.Asked()-b.Revoked-b.Dead, 0)
	b.Rate = b.rate(fields, now)
	return b
}

// add adds a cell: what it counts, a reason if that is an outcome, a gateway.
func (b *Batch) add(cell []string, count int) {
	pg := tasks.Gateway(cell[len(cell)-1])
	of := b.Gateways[pg]
	switch cell[0] {
	case "queued":
		b.Queued += count
		of.Asked += count
	case "elsewhere":
		b.Elsewhere += count
		of.Asked += count
	case "repeated":
		b.Repeated += count
	case "invalid":
		b.Invalid += count
	case "revoked":
		b.Revoked += count
		of.Revoked += count
	case "dead":
		b.Dead += count
		of.Dead += count
	}
	if len(cell) == 3 && count != 0 {
		b.Reasons[Reason(cell[1])] += count
	}
	if of != (GatewayCount{}) {
		b.Gateways[pg] = of
	}
}

// stillAfter is for how long nothing of a batch may have ended while it moves, at least.
const stillAfter = 3 * time.Second

// rate returns how many end a second. The hash holds what had ended at two
// moments, between 10 and 20 seconds ago.
func (b *Batch) rate(fields map[string]string, now time.Time) float64 {
	done, from, elapsed := b.Revoked+b.Dead, 0, b.FinishedAt.Sub(b.StartedAt)
	if !b.Finished() {
		before, _ := strconv.ParseInt(fields["before_at"], 10, 64)
		from, _ = strconv.Atoi(fields["before_done"])
		elapsed = now.Sub(time.UnixMilli(before))
	}
	if elapsed < time.Second || done <= from {
		return 0
	}
	each := elapsed / time.Duration(done-from)
	if still := now.Sub(b.ChangedAt); !b.Finished() && still > max(stillAfter, 3*each) {
		return 0
	}
	return float64(done-from) / elapsed.Seconds()
}

func parseTime(text string) time.Time {
	t, _ := time.Parse(time.RFC3339, text)
	return t.UTC()
}
