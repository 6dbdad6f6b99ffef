package revoke

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/sethvargo/go-retry"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/redisfault"
	"receiptrevoker/worker/complaint"
)

// busyWait bounds the wait for another attempt on the same imp_uid. Its lease may have 30 s left, and
// most attempts end long before.
const busyWait = 5 * time.Second

// begin begins an attempt, and tries until Redis says whether it has begun. All tries have one name:
// where a reply was lost, a try under another name would find its own attempt running, and wait for its
// lease to end.
func (h *Handler) begin(ctx context.Context, r tasks.Revocation) (b begun, err error) {
	caller := outcome.NewCaller()
	// The lease counts from before the first try: so it never ends later here than in Redis.
	b.asked = time.Now()
	err = retry.Do(ctx, redisfault.Backoff(), func(ctx context.Context) error {
		b.Attempt, err = h.Outcomes.BeginAs(ctx, r, lease, caller, h.Heartbeat.Witness())
		var terminal *outcome.TerminalError
		var busy *outcome.BusyError
		switch {
		case err == nil:
			h.Heartbeat.Saw(b.Attempt.Beats)
			return nil
		case errors.As(err, &terminal), errors.As(err, &busy):
			return err
		// No repetition mends a key of another type. The attempt would hold its slot for ever.
		case redisfault.Corrupt(err):
			h.Log.Error("attempt not begun: mend its keys in Redis", complaint.About(ctx, r, "error", err)...)
			return err
		}
		h.Complaints.Add(slog.LevelWarn, "begin", "attempt not begun, trying again",
			complaint.About(ctx, r, "error", err)...)
		return retry.RetryableError(err)
	})
	return b, err
}

// bury records a task that can never become a call, such as one whose payload cannot be read, as a dead
// letter. The letter has the task's ID where there is no valid imp_uid.
func (h *Handler) bury(ctx context.Context, revocation tasks.Revocation, cause error) error {
	attempt, err := h.Outcomes.Begin(ctx, revocation, lease)
	if err != nil {
		return h.notBegun(revocation, err)
	}
	ctx, span := h.startSpan(ctx, attempt)
	defer span.End()
	return h.record(ctx, attempt, finding{verdict: invalid, err: cause})
}

// notBegun returns what Asynq hears where an attempt could not begin. An imp_uid that has ended is
// done: its task is archived or completed, as its outcome says.
func (h *Handler) notBegun(revocation tasks.Revocation, err error) error {
	var terminal *outcome.TerminalError
	var busy *outcome.BusyError
	switch {
	case errors.As(err, &terminal) && terminal.Status == outcome.Dead:
		return never("already given up", nil)
	case errors.As(err, &terminal):
		return nil
	// PortOne wants no call for this receipt for that long: Asynq comes back then, and not before.
	case errors.As(err, &busy) && busy.PutOff:
		return &again{after: busy.Wait, cause: err}
	case errors.As(err, &busy):
		return &again{after: min(busy.Wait, busyWait), cause: err}
	// Until a person has mended the keys there is no use in coming back sooner.
	case redisfault.Corrupt(err):
		return &again{after: h.Schedule.Longest(), cause: err}
	}
	return &again{after: time.Second, cause: err}
}
