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

// kept is what Redis keeps of an imp_uid: its outcome, its request, and when the batches that
// ask for it were cancelled.
type kept struct {
	outcome, request *redis.MapStringStringCmd
	cancelled        map[string]*redis.SliceCmd
}

// kept reads what is kept of the imp_uids, in their order and in one round trip, or two where
// batches ask for them. The error is the first of those of the replies.
func (s *Store) kept(ctx context.Context, impUIDs []string) ([]kept, error) {
	all, cancelled := make([]kept, len(impUIDs)), make(map[string]*redis.SliceCmd)
	_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, impUID := range impUIDs {
			all[i] = kept{p.HGetAll(ctx, s.outcomeKey(impUID)), p.HGetAll(ctx, s.requestKey(impUID)), cancelled}
		}
		return nil
	})
	_, batchErr := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, k := range all {
			for _, name := range batchesOf(k.request.Val()) {
				if cancelled[name] == nil {
					cancelled[name] = p.HMGet(ctx, s.batchKey(name), "cancelled_at")
				}
			}
		}
		return nil
	})
	return all, cmp.Or(err, batchErr)
}

// withdrawn reports whether all who asked have cancelled, as the function of that name in
// batch.lua does.
func (k kept) withdrawn() (bool, error) {
	asked := k.request.Val()
	if asked["withdrawn"] != "" || asked["single"] != "" {
		return asked["withdrawn"] != "", nil
	}
	batches := batchesOf(asked)
	for _, name := range batches {
		if at, err := k.cancelled[name].Result(); err != nil || at[0] == nil {
			return false, err
		}
	}
	return len(batches) > 0, nil
}

// values returns the outcome's fields, or those of one that is queued where the
// request has none yet. Where a lease is over, the worker of the attempt has died, and its
// DELETE may have worked unseen.
func (k kept) values(impUID string) (map[string]string, error) {
	values, asked := k.outcome.Val(), k.request.Val()
	if err := cmp.Or(k.outcome.Err(), k.request.Err()); err != nil || len(values)+len(asked["id"]) == 0 {
		return values, err
	}
	of := values["request"]
	if open := len(values) > 0 && !Status(values["status"]).Terminal(); of == "" && open {
		of = asked["id"]
	}
	if asked["id"] != of && asked["id"] != "" {
		values = map[string]string{"imp_uid": impUID, "status": string(Queued), "pg": asked["pg"], "batch": asked["batch"]}
	}
	withdrawn, err := k.withdrawn()
	values["withdrawn"] = flag(withdrawn && values["status"] != string(Revoked))
	for _, name := range batchesOf(asked) {
		values["in:"+name] = ""
	}
	over := timeOf(values["leased_until"], time.UnixMilli)
	if values["idle"] == "" && !over.IsZero() && over.Before(time.Now()) {
		values["looked_up_until"] = formatTime(over)
	}
	return values, err
}
