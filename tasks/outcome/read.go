package outcome

import (
	"cmp"
	"context"
	"fmt"
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
			all[i] = kept{p.HGetAll(ctx, s.outcomeKey(impUID)), p.HMGet(ctx, s.requestKey(impUID), "id", "pg", "batch", "withdrawn")}
		}
		return nil
	})
	return all, err
}

// values returns the outcome's fields, or those of one that is queued where the
// request has none yet. Where a lease is over, the worker of the attempt has died, and its
// DELETE may have worked unseen.
func (k kept) values(impUID string) (map[string]string, error) {
	values := k.outcome.Val()
	if err := cmp.Or(k.outcome.Err(), k.request.Err()); err != nil {
		return values, err
	}
	asked, of := texts(k.request), values["request"]
	if open := len(values) > 0 && !Status(values["status"]).Terminal(); of == "" && open {
		of = asked[0]
	}
	if asked[0] != of && asked[0] != "" {
		values = map[string]string{"imp_uid": impUID, "status": string(Queued), "pg": asked[1], "batch": asked[2]}
	}
	if len(values) > 0 && !Status(values["status"]).Terminal() {
		values["withdrawn"] = asked[3]
	}
	if over := timeOf(values["leased_until"], time.UnixMilli); values["idle"] == "" && !over.IsZero() && over.Before(time.Now()) {
		values["looked_up_until"] = formatTime(over)
	}
	return values, nil
}
