package worker

import (
	"context"
	"log/slog"
	"time"

	"github.com/sethvargo/go-retry"
	"go.opentelemetry.io/otel/trace"

	"receiptrevoker/tasks/outcome"
)

// record writes what an attempt found and returns what Asynq hears.
func (h *handler) record(ctx context.Context, a outcome.Attempt, found finding) error {
	o := found.outcome()
	var delay time.Duration
	if o.Status == outcome.Retrying {
		delay = found.delay(h.schedule, a.Number)
		o.NextAttemptAt = time.Now().Add(delay)
	}
	a.Uncounted = !found.counted
	a.Uncertain = a.Uncertain || found.uncertain
	written, err := h.write(ctx, a, o)
	h.ended(ctx, a, found, written)
	switch {
	case broken(err):
		return &again{after: h.schedule.longest(), cause: err}
	case err != nil:
		return &again{cause: err} // the next attempt's lookup finds the truth
	}
	if written {
		h.logOutcome(ctx, a, o)
	}
	switch o.Status {
	case outcome.Revoked:
		return nil
	case outcome.Dead:
		return never(o.Reason, found.err)
	}
	return &again{after: delay, counted: found.counted, cause: found.err}
}

// write writes an outcome, on a context that outlives the task's, and tries
// until it is written or the process no longer waits.
func (h *handler) write(ctx context.Context, a outcome.Attempt, o outcome.Outcome) (written bool, err error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(h.abandoned, cancel)()

	err = retry.Do(ctx, redisBackoff(), func(ctx context.Context) error {
		written, err = h.outcomes.Finish(ctx, a, o)
		if err == nil {
			return nil
		}
		facts := about(ctx, a.Revocation, "attempt", a.Number, "status", o.Status, "error", err)
		if broken(err) {
			h.log.Error("outcome not written: mend its keys in Redis", facts...)
			return err
		}
		h.complaints.add(slog.LevelWarn, "finish", "outcome not written, trying again", facts...)
		return retry.RetryableError(err)
	})
	return written, err
}

func (h *handler) logOutcome(ctx context.Context, a outcome.Attempt, o outcome.Outcome) {
	level := slog.LevelInfo
	switch {
	case o.Reason == outcome.ReasonUnauthorized && h.gates.Closed() == nil: // else it has been said
		h.complaints.add(slog.LevelError, "unauthorized", "PortOne refuses the credentials, or this address",
			"http_status", o.HTTPStatus, "message", o.Message)
	case o.Status == outcome.Dead:
		level = slog.LevelWarn
	}
	attrs := []slog.Attr{
		slog.String("imp_uid", a.Revocation.ImpUID),
		slog.String("pg", string(a.Revocation.PG)),
		slog.Int("attempt", a.Number),
		slog.String("reason", string(o.Reason)),
	}
	if span := trace.SpanContextFromContext(ctx); span.HasTraceID() {
		attrs = append(attrs, slog.String("trace_id", span.TraceID().String()))
	}
	if o.HTTPStatus != 0 {
		attrs = append(attrs, slog.Int("http_status", o.HTTPStatus))
	}
	if o.Message != "" {
		attrs = append(attrs, slog.String("message", o.Message))
	}
	if !o.NextAttemptAt.IsZero() {
		attrs = append(attrs, slog.Time("next_attempt_at", o.NextAttemptAt))
	}
	h.log.LogAttrs(ctx, level, string(o.Status), attrs...)
}
