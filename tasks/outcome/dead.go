package outcome

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
)

var reviveScript = countingScript("dead_revive.lua")

// DeadLetters returns how many dead letters there are.
func (s *Store) DeadLetters(ctx context.Context) (int64, error) {
	n, err := s.client.ZCard(ctx, s.deadKey()).Result()
	if err != nil {
		return 0, fmt.Errorf("count the dead letters: %w", err)
	}
	return n, nil
}

// NewestDead returns when the last of the dead letters became so, to the
// millisecond, or the zero time if there is none.
func (s *Store) NewestDead(ctx context.Context) (time.Time, error) {
	last := redis.ZRangeArgs{Key: s.deadKey(), Start: 0, Stop: 0, Rev: true}
	letters, err := s.client.ZRangeArgsWithScores(ctx, last).Result()
	if err != nil {
		return time.Time{}, fmt.Errorf("find the newest dead letter: %w", err)
	}
	if len(letters) == 0 {
		return time.Time{}, nil
	}
	return time.UnixMilli(int64(letters[0].Score)).UTC(), nil
}

// Listed reports whether an imp_uid is on the list of dead letters, whatever
// its outcome says.
func (s *Store) Listed(ctx context.Context, impUID string) (bool, error) {
	err := s.client.ZScore(ctx, s.deadKey(), impUID).Err()
	if errors.Is(err, redis.Nil) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for %s among the dead letters: %w", impUID, err)
	}
	return true, nil
}

// NotDeadError says that an imp_uid is not a dead letter. Status is what it has
// instead, empty if it has no outcome.
type NotDeadError struct {
	ImpUID string
	Status Status
}

func (e *NotDeadError) Error() string {
	if e.Status == "" {
		return e.ImpUID + " is not a dead letter: it has no outcome"
	}
	return fmt.Sprintf("%s is not a dead letter: it is %s", e.ImpUID, e.Status)
}

// ErrWithdrawn is matched where a dead letter is not settled, or not revived, because
// all who asked for it have cancelled: it was to be left alone, and asking again is a new
// request.
var ErrWithdrawn = errors.New("was cancelled by all who requested it")

// ErrReissued is matched where a dead letter is not revived, or not settled as not revoked,
// because another receipt exists now than the one that was asked for: the next attempt would
// revoke that one.
var ErrReissued = errors.New("is reissued: another receipt exists now than the one asked for; " +
	"request it again, with the apply_num that is meant")

// leftAlone returns why nothing was done to a dead letter, by the reply of a script.
func leftAlone(impUID, reply string) error {
	switch Reason(reply) {
	case ReasonWithdrawn:
		return fmt.Errorf("%s %w", impUID, ErrWithdrawn)
	case ReasonReissued:
		return fmt.Errorf("%s %w", impUID, ErrReissued)
	}
	return &NotDeadError{ImpUID: impUID, Status: Status(reply)}
}

// Revive makes a dead letter open again, with no attempts so far, in one atomic
// step with what its batches count. The next attempt is uncertain if one from
// before was. It returns what to enqueue, or a [*NotDeadError]. Should that not
// be enqueued, a worker does so.
//
// The error matches [ErrWithdrawn] where all who asked have cancelled, whatever it died of,
// and [ErrReissued]; both stay dead.
func (s *Store) Revive(ctx context.Context, impUID string) (tasks.Revocation, error) {
	reply, err := s.run(ctx, reviveScript, s.outcomeKey(impUID), impUID).StringSlice()
	if err != nil {
		return tasks.Revocation{}, fmt.Errorf("revive %s: %w", impUID, err)
	}
	if reply[0] != "revived" {
		return tasks.Revocation{}, leftAlone(impUID, reply[0])
	}
	return tasks.Revocation{ImpUID: impUID, PG: tasks.Gateway(reply[1]), Batch: reply[2]}, nil
}

// Discard takes imp_uids off the list of dead letters, in one round trip, and returns
// of each whether it was on it. Their outcomes stay.
func (s *Store) Discard(ctx context.Context, impUIDs ...string) ([]bool, error) {
	replies, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, impUID := range impUIDs {
			p.ZRem(ctx, s.deadKey(), impUID)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("discard %d dead letters: %w", len(impUIDs), err)
	}
	listed := make([]bool, len(replies))
	for i, reply := range replies {
		listed[i] = reply.(*redis.IntCmd).Val() > 0
	}
	return listed, nil
}

// Prune takes the dead letters off the list whose outcomes' life is over.
func (s *Store) Prune(ctx context.Context) error {
	now, err := s.Now(ctx)
	if err != nil {
		return err
	}
	oldest := now.Add(-s.config.TTL).UnixMilli()
	err = s.client.ZRemRangeByScore(ctx, s.deadKey(), "-inf", "("+strconv.FormatInt(oldest, 10)).Err()
	if err != nil {
		return fmt.Errorf("prune the dead letters: %w", err)
	}
	return nil
}
