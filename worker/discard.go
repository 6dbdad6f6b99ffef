package worker

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/backlog"
)

var (
	//go:embed message.lua
	messageSource string
	//go:embed discard.lua
	discardSource string

	messageScript = redis.NewScript(messageSource)
	discardScript = redis.NewScript(discardSource)
)

// undecodable is what Asynq says of a message that is not one of its own. It has
// no error for that which can be matched.
const undecodable = "could not decode task message"

// discardAll discards those of the tasks that Asynq cannot read.
func (s *sweeper) discardAll(ctx context.Context, queue string, ids []string) error {
	var problems []error
	for _, id := range ids {
		s.beat()
		_, err := s.discard(ctx, queue, id)
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

// discard deletes a task, at work or archived, that Asynq cannot read: nobody
// would ever carry it out. It leaves a dead letter that the task's ID names. It
// reports whether the task is such a one.
func (s *sweeper) discard(ctx context.Context, queue, id string) (bool, error) {
	keys := []string{
		backlog.Key(queue, "t:"+id), backlog.Key(queue, "lease"),
		backlog.Key(queue, "archived"), backlog.Key(queue, "active"),
	}
	message, err := messageScript.Run(ctx, s.redis, keys[:3], id).Text()
	if errors.Is(err, redis.Nil) {
		return false, nil // it went elsewhere meanwhile
	}
	if err != nil {
		return false, fmt.Errorf("read the task %s of %s: %w", id, queue, err)
	}
	if message != "" {
		if readable, err := s.readable(queue, id); readable || err != nil {
			return false, err
		}
	}
	if err := s.buryUnread(ctx, queue, id); err != nil {
		return true, err
	}
	if err := discardScript.Run(ctx, s.redis, keys, id, message).Err(); err != nil {
		return true, fmt.Errorf("delete the unreadable task %s of %s: %w", id, queue, err)
	}
	s.log.Warn("deleted: Asynq cannot read it", "task", id, "queue", queue)
	return true, nil
}

// readable reports whether Asynq can read a task.
func (s *sweeper) readable(queue, id string) (bool, error) {
	_, err := s.inspector.GetTaskInfo(queue, id)
	switch {
	case err == nil || backlog.Gone(err):
		return true, nil
	case strings.Contains(err.Error(), undecodable):
		return false, nil
	}
	return false, fmt.Errorf("look at the task %s of %s: %w", id, queue, err)
}

// buryUnread makes a dead letter of a task that nobody can read, unless its ID
// names an imp_uid whose end is known.
func (s *sweeper) buryUnread(ctx context.Context, queue, id string) error {
	if impUID, ours := strings.CutPrefix(id, tasks.TaskID("")); ours {
		status, err := s.outcomes.Status(ctx, impUID)
		if err != nil || status.Terminal() {
			return err
		}
	}
	q, _ := tasks.ParseQueue(queue)
	revocation := tasks.Revocation{ImpUID: tasks.Unreadable(id), PG: q.PG}
	s.rest()
	defer s.beat()
	err := s.handler.bury(ctx, revocation, errUnread)
	var later *again
	if errors.As(err, &later) {
		return fmt.Errorf("bury the unreadable task %s of %s: %w", id, queue, err)
	}
	return nil
}

var errUnread = fmt.Errorf("%w: what Redis holds of the task is not in Asynq's form", tasks.ErrInvalid)
