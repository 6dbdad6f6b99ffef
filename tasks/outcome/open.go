package outcome

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
)

var overdueScript = script("open_overdue.lua")

// Open is what is asked for, and has not ended.
type Open struct {
	tasks.Revocation
	// Withdrawn tells that whoever asked has cancelled: it needs no task, but a lookup.
	Withdrawn bool
	// Anew tells that no attempt has begun, and that there was an earlier request, which
	// was cancelled or has ended.
	Anew bool
}

// Overdue returns up to limit requests that have no terminal outcome and should have
// gone on so long ago: they were recorded, their lease is over, or their next attempt
// was due. The longest overdue come first. Ended are those that the set of the open
// ones still named, and does not any more.
func (s *Store) Overdue(ctx context.Context, ago time.Duration, limit int) (open []Open, ended []string, err error) {
	reply, err := s.run(ctx, overdueScript, s.openKey(), ago.Milliseconds(), limit).StringSlice()
	if err != nil {
		return nil, nil, fmt.Errorf("list what is overdue: %w", err)
	}
	for found := range slices.Chunk(reply, 6) {
		if found[1] == "ended" {
			ended = append(ended, found[0])
			continue
		}
		r := tasks.Revocation{
			ImpUID: found[0], PG: tasks.Gateway(found[2]), Batch: found[3], ApplyNum: found[4], Tier: found[5],
		}
		open = append(open, Open{Revocation: r, Withdrawn: found[1] == "withdrawn", Anew: found[1] == "anew"})
	}
	return open, ended, nil
}

// StillOverdue returns those of some imp_uids that are open and should have gone on so long ago, as
// [Store.Overdue] would tell now.
func (s *Store) StillOverdue(ctx context.Context, ago time.Duration, impUIDs []string) (overdue []string, err error) {
	if len(impUIDs) == 0 {
		return nil, nil
	}
	now, err := s.Now(ctx)
	if err != nil {
		return nil, err
	}
	due := make([]*redis.FloatCmd, len(impUIDs))
	_, err = s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, impUID := range impUIDs {
			due[i] = p.ZScore(ctx, s.openKey(), impUID)
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) { // nil is what is not open
		return nil, fmt.Errorf("look up what is still overdue: %w", err)
	}
	for i, impUID := range impUIDs {
		if due[i].Err() == nil && due[i].Val() <= float64(now.Add(-ago).UnixMilli()) {
			overdue = append(overdue, impUID)
		}
	}
	return overdue, nil
}

// Postpone makes imp_uids overdue no earlier than so long from now, if they are open
// at all, and none earlier than before.
func (s *Store) Postpone(ctx context.Context, impUIDs []string, by time.Duration) error {
	if len(impUIDs) == 0 {
		return nil
	}
	now, err := s.Now(ctx)
	if err != nil {
		return err
	}
	members := make([]redis.Z, len(impUIDs))
	for i, impUID := range impUIDs {
		members[i] = redis.Z{Score: float64(now.Add(by).UnixMilli()), Member: impUID}
	}
	if err := s.client.ZAddArgs(ctx, s.openKey(), redis.ZAddArgs{XX: true, GT: true, Members: members}).Err(); err != nil {
		return fmt.Errorf("postpone %d imp_uids: %w", len(impUIDs), err)
	}
	return nil
}
