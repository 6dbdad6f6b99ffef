package revoke

import (
	"context"
	"log/slog"
	"time"

	"github.com/hibiken/asynq"

	"receiptrevoker/tasks"
	"receiptrevoker/worker/complaint"
)

// misplaced reports whether a task is on another queue than its gateway's. The
// gateway's gate does not pause that queue, and its slots are not the gateway's.
func misplaced(ctx context.Context, r tasks.Revocation) bool {
	name, _ := asynq.GetQueueName(ctx)
	queue, ours := tasks.ParseQueue(name)
	return ours && r.PG.Known() && queue.PG != r.PG
}

// move puts a task on its gateway's queue, unless it is there already, and removes
// the one that was misplaced.
func (h *Handler) move(ctx context.Context, r tasks.Revocation) error {
	_, err := h.Tasks.Enqueue(ctx, r)
	if err == nil {
		return nil
	}
	h.Complaints.Add(slog.LevelWarn, "move", "task not moved to its gateway's queue, trying again",
		complaint.About(ctx, r, "error", err)...)
	return &again{after: time.Second, cause: err}
}
