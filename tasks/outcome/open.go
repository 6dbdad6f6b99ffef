package outcome

import (
	"context"
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
