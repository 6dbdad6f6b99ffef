package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/hibiken/asynq"
	"github.com/sethvargo/go-retry"
	"go.opentelemetry.io/otel/trace"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

const (
	// busyWait bounds the wait for another attempt on the same imp_uid.
	busyWait = 5 * time.Second
	// maxName bounds what names a task that could not be read.
	maxName = 128
)

// parse returns what a task asks for.
func parse(ctx context.Context, task *asynq.Task) (tasks.Revocation, error) {
	id, _ := asynq.GetTaskID(ctx)
	return read(task.Type(), task.Payload(), id)
}

// read returns what a payload asks for. Where it cannot be read, the revocation
// bears whatever names it best, so that its dead letter can be found.
func read(kind string, payload []byte, id string) (tasks.Revocation, error) {
	revocation, err := tasks.Parse(payload)
	if kind != tasks.TypeRevoke {
		err = fmt.Errorf("%w: type %q is not %q", tasks.ErrInvalid, kind, tasks.TypeRevoke)
	}
	if err != nil && revocation.ImpUID == "" {
		revocation.ImpUID = id
	}
	if len(revocation.ImpUID) > maxName {
		revocation.ImpUID = revocation.ImpUID[:maxName]
	}
	return revocation, err
}

// begin begins an attempt, and tries until Redis says whether it has begun:
// where the reply was lost, a new try under another name would find it busy.
func (h *handler) begin(ctx context.Context, r tasks.Revocation) (attempt outcome.Attempt, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(h.stopping, cancel)()

	caller := outcome.NewCaller()
	err = retry.Do(ctx, redisBackoff(), func(ctx context.Context) error {
		attempt, err = h.outcomes.BeginAs(ctx, r, lease, caller)
		var terminal *outcome.TerminalError
		var busy *outcome.BusyError
		if err == nil || errors.As(err, &terminal) || errors.As(err, &busy) {
			return err
		}
		h.complaints.add(slog.LevelWarn, "begin", "attempt not begun, trying again", about(ctx, r, "error", err)...)
		return retry.RetryableError(err)
	})
	return attempt, err
}

// redisBackoff paces what is tried until Redis answers.
func redisBackoff() retry.Backoff {
	return retry.WithCappedDuration(5*time.Second, retry.NewExponential(50*time.Millisecond))
}

// bury records a task that can never become a call.
func (h *handler) bury(ctx context.Context, revocation tasks.Revocation, cause error) error {
	attempt, err := h.outcomes.Begin(ctx, revocation, lease)
	if err != nil {
		return h.notBegun(revocation, err)
	}
	ctx, span := h.startSpan(ctx, attempt)
	defer span.End()
	return h.record(ctx, attempt, finding{verdict: invalid, err: cause})
}

// notBegun returns what Asynq hears where an attempt could not begin.
func (h *handler) notBegun(revocation tasks.Revocation, err error) error {
	var terminal *outcome.TerminalError
	var busy *outcome.BusyError
	switch {
	case errors.As(err, &terminal) && terminal.Status == outcome.Dead:
		return never("already given up", nil)
	case errors.As(err, &terminal):
		return nil
	case errors.As(err, &busy):
		return &again{after: min(busy.Wait, busyWait), cause: err}
	}
	return &again{after: time.Second, cause: err}
}

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
	h.ended(ctx, a, found, written && err == nil)
	if err != nil {
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
		if err != nil {
			h.complaints.add(slog.LevelWarn, "finish", "outcome not written, trying again",
				about(ctx, a.Revocation, "attempt", a.Number, "status", o.Status, "error", err)...)
		}
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
