package monitor

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

// mostQueues bounds how many queues are looked at. Each known gateway has two;
// more are those of gateways that a newer producer knows.
const mostQueues = 100

// depth is what is in a queue. It is read by the lengths of Asynq's own keys,
// of all queues in three round trips: Asynq's inspector takes three for each,
// and weighs a sample of its tasks.
type depth struct {
	Queue tasks.Queue
	Name  string

	Pending, Active, Retry, Scheduled, Archived int64

	// Oldest is how long the first in line has been waiting.
	Oldest time.Duration
	Paused bool
}

// readQueues returns what is in each queue of ours, by name.
func readQueues(ctx context.Context, client redis.UniversalClient, now time.Time) ([]depth, error) {
	names, err := client.SMembers(ctx, "asynq:queues").Result()
	if err != nil {
		return nil, fmt.Errorf("list the queues: %w", err)
	}
	slices.Sort(names)
	var queues []depth
	for _, name := range names {
		if queue, ours := tasks.ParseQueue(name); ours && len(queues) < mostQueues {
			queues = append(queues, depth{Queue: queue, Name: name})
		}
	}
	first, err := readLengths(ctx, client, queues)
	if err != nil {
		return nil, err
	}
	return queues, readOldest(ctx, client, readingOf{queues, first, now})
}

// readLengths fills the lengths in, and returns the ID of the first in each
// line, empty if there is none.
func readLengths(ctx context.Context, client redis.UniversalClient, queues []depth) ([]string, error) {
	type replies struct {
		pending, active, retry, scheduled, archived, paused *redis.IntCmd
		first                                               *redis.StringCmd
	}
	all := make([]replies, len(queues))
	_, err := client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, q := range queues {
			all[i] = replies{
				pending: p.LLen(ctx, q.key("pending")), active: p.LLen(ctx, q.key("active")),
				retry: p.ZCard(ctx, q.key("retry")), scheduled: p.ZCard(ctx, q.key("scheduled")),
				archived: p.ZCard(ctx, q.key("archived")), paused: p.Exists(ctx, q.key("paused")),
				first: p.LIndex(ctx, q.key("pending"), -1),
			}
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("read the length of %d queues: %w", len(queues), err)
	}
	first := make([]string, len(queues))
	for i, r := range all {
		q := &queues[i]
		q.Pending, q.Active, q.Retry, q.Scheduled = r.pending.Val(), r.active.Val(), r.retry.Val(), r.scheduled.Val()
		q.Archived, q.Paused, first[i] = r.archived.Val(), r.paused.Val() > 0, r.first.Val()
	}
	return first, nil
}

// readingOf is a reading of queues that has come half-way.
type readingOf struct {
	queues []depth
	first  []string
	now    time.Time
}

// readOldest fills in since when the first in each line has been waiting.
func readOldest(ctx context.Context, client redis.UniversalClient, r readingOf) error {
	since := make([]*redis.StringCmd, len(r.queues))
	_, err := client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, id := range r.first {
			if id != "" {
				since[i] = p.HGet(ctx, r.queues[i].key("t:"+id), "pending_since")
			}
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) { // nil for one that was taken off meanwhile
		return fmt.Errorf("read the first task of %d queues: %w", len(r.queues), err)
	}
	for i, reply := range since {
		if reply == nil {
			continue
		}
		if nanos, err := strconv.ParseInt(reply.Val(), 10, 64); err == nil {
			r.queues[i].Oldest = max(r.now.Sub(time.Unix(0, nanos)), 0)
		}
	}
	return nil
}

// key returns a key of Asynq's, one of those that its packages name in
// internal/base.
func (d depth) key(name string) string { return "asynq:{" + d.Name + "}:" + name }
