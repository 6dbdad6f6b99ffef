package revoke

import (
	"context"
	"log/slog"
	"time"

	"github.com/hibiken/asynq"

	"receiptrevoker/tasks"
	"receiptrevoker/worker/complaint"
)

// misplaced reports whether a task is on another queue than its gateway's. The gateway's gate does not
// pause that queue, and its slots are not the gateway's. Another program may have enqueued it, or the
// producer named another gateway before.
func misplaced(ctx context.Context, r tasks.Revocation) bool {
	name, _ := asynq.GetQueueName(ctx)
	queue, ours := tasks.ParseQueue(name)
	return ours && r.PG.Known() && queue.PG != r.PG
}

// movedFor is when a task that was moved is due: by then the one that was misplaced, which has the same ID, is
// completed. Asynq extends the leases of what a process works on by ID, and would leave out the second.
const movedFor = time.Second

// move puts a task on its gateway's queue, unless it is there already, and removes the one that was
// misplaced: nil makes Asynq complete it. A task that cannot be moved comes back in a second, so that
// Redis is not asked all the time.
func (h *Handler) move(ctx context.Context, r tasks.Revocation) error {
	_, err := h.Tasks.Enqueue(ctx, r, asynq.ProcessIn(movedFor))
	if err == nil {
		return nil
	}
	h.Complaints.Add(slog.LevelWarn, "move", "task not moved to its gateway's queue, trying again",
		complaint.About(ctx, r, "error", err)...)
	return &again{after: time.Second, cause: err}
}
