package sweep

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

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

// discard deletes a task, active or archived, that Asynq cannot read: no worker would ever carry it
// out, and Asynq's own recovery of expired leases stops at it. It leaves a dead letter that the task's
// ID names, and reports whether the task is such a one.
func (s *Sweeper) discard(ctx context.Context, queue, id string) (bool, error) {
	recovery := s.recovery(queue)
	message, unreadable, err := recovery.Unreadable(ctx, id)
	if err != nil || !unreadable {
		return false, err
	}
	// The letter comes first: if the process dies in between, the next sweep finds the task once more.
	if err := s.buryUnread(ctx, queue, id); err != nil {
		return true, err
	}
	if err := recovery.Discard(ctx, id, message); err != nil {
		return true, err
	}
	s.Log.Warn("deleted: Asynq cannot read it", "task", id, "queue", queue)
	return true, nil
}

// buryUnread makes a dead letter of a task that cannot be read, unless its ID names an imp_uid whose
// end is known. The task's own payload is lost, so that only its ID and its queue say what it was.
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

// errUnread is the cause of such a dead letter.
var errUnread = fmt.Errorf("%w: what Redis holds of the task is not in Asynq's form", tasks.ErrInvalid)
