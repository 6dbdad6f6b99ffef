package sweep

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/outcome"
)

//go:embed discard.lua
var discardSource string

var discardScript = redis.NewScript(discardSource)

// undecodable is what Asynq says of a message that is not one of its own. It has
// no error for that which can be matched.
const undecodable = "could not decode task message"

// discardAll discards those of the tasks that Asynq cannot read.
func (s *Sweeper) discardAll(ctx context.Context, queue string, ids []string) error {
	var problems []error
	for _, id := range ids {
		s.Beat()
		_, err := s.discard(ctx, queue, id)
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

// discard deletes a task, at work or archived, that Asynq cannot read: nobody
// would ever carry it out. It leaves a dead letter that the task's ID names. It
// reports whether the task is such a one.
func (s *Sweeper) discard(ctx context.Context, queue, id string) (bool, error) {
	keys := []string{
		asynqkeys.Key(queue, "t:"+id), asynqkeys.Key(queue, "lease"),
		asynqkeys.Key(queue, "archived"), asynqkeys.Key(queue, "active"),
	}
	message, there, err := s.message(ctx, keys, id)
	if err != nil || !there {
		return false, err
	}
	if message != "" {
		if readable, err := s.readable(queue, id); readable || err != nil {
			return false, err
		}
	}
	if err := s.buryUnread(ctx, queue, id); err != nil {
		return true, err
	}
	if err := discardScript.Run(ctx, s.Redis, keys, id, message).Err(); err != nil {
		return true, fmt.Errorf("delete the unreadable task %s of %s: %w", id, queue, err)
	}
	s.Log.Warn("deleted: Asynq cannot read it", "task", id, "queue", queue)
	return true, nil
}

// message returns what Redis holds of a task, and false if it is neither at work nor in
// the archive any more.
func (s *Sweeper) message(ctx context.Context, keys []string, id string) (message string, there bool, err error) {
	var text *redis.StringCmd
	var leased, archived *redis.FloatCmd
	_, err = s.Redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		text, leased, archived = p.HGet(ctx, keys[0], "msg"), p.ZScore(ctx, keys[1], id), p.ZScore(ctx, keys[2], id)
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return "", false, fmt.Errorf("read the task %s: %w", id, err)
	}
	return text.Val(), leased.Err() == nil || archived.Err() == nil, nil
}

// readable reports whether Asynq can read a task.
func (s *Sweeper) readable(queue, id string) (bool, error) {
	_, err := s.Inspector.GetTaskInfo(queue, id)
	switch {
	case err == nil || asynqkeys.Gone(err):
		return true, nil
	case strings.Contains(err.Error(), undecodable):
		return false, nil
	}
	return false, fmt.Errorf("look at the task %s of %s: %w", id, queue, err)
}

// buryUnread makes a dead letter of a task that nobody can read, unless its ID
// names an imp_uid whose end is known.
func (s *Sweeper) buryUnread(ctx context.Context, queue, id string) error {
	if impUID, ours := strings.CutPrefix(id, tasks.TaskID("")); ours {
		known, err := s.Outcomes.Get(ctx, impUID)
		if err == nil && known.Status.Terminal() || err != nil && !errors.Is(err, outcome.ErrNotFound) {
			return err
		}
	}
	q, _ := tasks.ParseQueue(queue)
	revocation := tasks.Revocation{ImpUID: tasks.Unreadable(id), PG: q.PG}
	s.Rest()
	defer s.Beat()
	if err := s.Handler.Bury(ctx, revocation, errUnread); err != nil {
		return fmt.Errorf("bury the unreadable task %s of %s: %w", id, queue, err)
	}
	return nil
}

var errUnread = fmt.Errorf("%w: what Redis holds of the task is not in Asynq's form", tasks.ErrInvalid)
