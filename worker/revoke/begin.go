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

// busyWait bounds the wait for another attempt on the same imp_uid.
const busyWait = 5 * time.Second

// begin begins an attempt, and tries until Redis says whether it has begun:
// where the reply was lost, a new try under another name would find it busy.
func (h *Handler) begin(ctx context.Context, r tasks.Revocation) (b begun, err error) {
	caller := outcome.NewCaller()
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

// bury records a task that can never become a call.
func (h *Handler) bury(ctx context.Context, revocation tasks.Revocation, cause error) error {
	attempt, err := h.Outcomes.Begin(ctx, revocation, lease)
	if err != nil {
		return h.notBegun(revocation, err)
	}
	ctx, span := h.startSpan(ctx, attempt)
	defer span.End()
	return h.record(ctx, attempt, finding{verdict: invalid, err: cause})
}

// notBegun returns what Asynq hears where an attempt could not begin.
func (h *Handler) notBegun(revocation tasks.Revocation, err error) error {
	var terminal *outcome.TerminalError
	var busy *outcome.BusyError
	switch {
	case errors.As(err, &terminal) && terminal.Status == outcome.Dead:
		return never("already given up", nil)
	case errors.As(err, &terminal):
		return nil
	case errors.As(err, &busy) && busy.PutOff:
		return &again{after: busy.Wait, cause: err}
	case errors.As(err, &busy):
		return &again{after: min(busy.Wait, busyWait), cause: err}
	case redisfault.Corrupt(err):
		return &again{after: h.Schedule.Longest(), cause: err}
	}
	return &again{after: time.Second, cause: err}
}
