package outcome

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/redis/go-redis/v9"
)

// Get returns the outcome of an imp_uid, which is [Queued] while there is none of
// what is asked for, or an error that matches [ErrNotFound].
func (s *Store) Get(ctx context.Context, impUID string) (Outcome, error) {
	found, err := s.kept(ctx, []string{impUID})
	if err != nil {
		return Outcome{}, fmt.Errorf("read the outcome of %s: %w", impUID, err)
	}
	values, _ := found[0].values(impUID)
	if len(values) == 0 {
		return Outcome{}, fmt.Errorf("%w of %s", ErrNotFound, impUID)
	}
	return decode(values)
}

// Many returns the outcomes of the imp_uids, in their order and in one round
// trip. Where nothing is known, it holds the imp_uid alone and no status.
func (s *Store) Many(ctx context.Context, impUIDs []string) ([]Outcome, error) {
	found, err := s.kept(ctx, impUIDs)
	if err != nil {
		return nil, fmt.Errorf("read %d outcomes: %w", len(impUIDs), err)
	}
	outcomes := make([]Outcome, len(impUIDs))
	for i, kept := range found {
		values, _ := kept.values(impUIDs[i])
		o, err := decode(values)
		if err != nil {
			return nil, err
		}
		o.ImpUID = impUIDs[i]
		outcomes[i] = o
	}
	return outcomes, nil
}

// kept is what Redis keeps of an imp_uid: its outcome, and what of its request tells
// whether the outcome is about that.
type kept struct {
	outcome *redis.MapStringStringCmd
	request *redis.SliceCmd
}

// kept reads what is kept of the imp_uids, in their order and in one round trip. The
// error is the first of those that the replies bear themselves.
func (s *Store) kept(ctx context.Context, impUIDs []string) ([]kept, error) {
	all := make([]kept, len(impUIDs))
	_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, impUID := range impUIDs {
			all[i] = kept{p.HGetAll(ctx, s.outcomeKey(impUID)), p.HMGet(ctx, s.requestKey(impUID), "id", "pg", "batch")}
		}
		return nil
	})
	return all, err
}

// values returns the outcome's fields, or those of one that is queued where the
// request has none yet.
func (k kept) values(impUID string) (map[string]string, error) {
	values := k.outcome.Val()
	if err := cmp.Or(k.outcome.Err(), k.request.Err()); err != nil {
		return values, err
	}
	asked, of := texts(k.request), values["request"]
	if open := len(values) > 0 && !Status(values["status"]).Terminal(); of == "" && open {
		of = asked[0]
	}
	if asked[0] == of || asked[0] == "" {
		return values, nil
	}
	return map[string]string{"imp_uid": impUID, "status": string(Queued), "pg": asked[1], "batch": asked[2]}, nil
}

const (
	pageSize = 500
	// block is how long one read of the stream waits on the server. It stays
	// below go-redis' default read timeout of 3 s.
	block = 2 * time.Second
)

// An Event is one entry of the stream: an outcome that became terminal. An
// imp_uid may come more than once.
type Event struct {
	ID      string
	Outcome Outcome
}

// Last returns the ID of the stream's last entry, from which [Store.Follow]
// goes on with the next.
func (s *Store) Last(ctx context.Context) (string, error) {
	entries, err := s.client.XRevRangeN(ctx, s.streamKey(), "+", "-", 1).Result()
	if err != nil {
		return "", fmt.Errorf("read the end of the stream of outcomes: %w", err)
	}
	if len(entries) == 0 {
		return "0", nil
	}
	return entries[0].ID, nil
}

// Follow yields the terminal outcomes after the entry with the given ID, "0"
// for all that the stream still has, and waits for new ones until ctx is done,
// which ends it without an error. An error of Redis ends it and may be
// followed by another call from the last event's ID; an entry that cannot be
// read is yielded as an error and passed over.
func (s *Store) Follow(ctx context.Context, after string) iter.Seq2[Event, error] {
	return s.events(ctx, after, block)
}

// Events yields the terminal outcomes after the entry with the given ID, like
// [Store.Follow], and ends at the last one.
func (s *Store) Events(ctx context.Context, after string) iter.Seq2[Event, error] {
	return s.events(ctx, after, -1)
}

// events waits for new entries while wait is not negative.
func (s *Store) events(ctx context.Context, after string, wait time.Duration) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for ctx.Err() == nil {
			streams, err := s.client.XRead(ctx, &redis.XReadArgs{
				Streams: []string{s.streamKey(), after}, Count: pageSize, Block: wait,
			}).Result()
			switch {
			case ctx.Err() != nil:
				return
			case errors.Is(err, redis.Nil) && wait < 0:
				return
			case errors.Is(err, redis.Nil):
				continue
			case err != nil:
				yield(Event{ID: after}, fmt.Errorf("follow the stream of outcomes: %w", err))
				return
			}
			for _, entry := range streams[0].Messages {
				after = entry.ID
				if !yield(event(entry)) {
					return
				}
			}
		}
	}
}

func event(entry redis.XMessage) (Event, error) {
	values := make(map[string]string, len(entry.Values))
	for name, value := range entry.Values {
		values[name], _ = value.(string)
	}
	o, err := decode(values)
	if err != nil {
		err = fmt.Errorf("stream entry %s: %w", entry.ID, err)
	}
	return Event{ID: entry.ID, Outcome: o}, err
}
