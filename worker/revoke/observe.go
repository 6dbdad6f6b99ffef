package revoke

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"receiptrevoker/tasks/outcome"
)

// startSpan starts the span of an attempt, in the trace of ctx. Attributes are only computed for a
// trace that is recorded.
func (h *Handler) startSpan(ctx context.Context, a *outcome.Attempt) (context.Context, trace.Span) {
	ctx, span := h.Tracer.Start(ctx, "revoke receipt", trace.WithSpanKind(trace.SpanKindConsumer))
	if span.IsRecording() {
		r := a.Revocation
		span.SetAttributes(attribute.String("imp_uid", r.ImpUID), attribute.String("pg", string(r.PG)),
			attribute.Int("attempt", a.Number))
		if r.Batch != "" {
			span.SetAttributes(attribute.String("batch", r.Batch))
		}
	}
	return ctx, span
}

// ended tells the metrics and the trace how an attempt ended. A span of an attempt that did not revoke
// is an error to whoever reads traces, unless the worker was stopping.
func (h *Handler) ended(ctx context.Context, a *outcome.Attempt, found finding, recorded bool) {
	h.OnAttempt(Ended{PG: a.Revocation.PG, Status: found.status, Reason: found.reason, Recorded: recorded})
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() {
		return
	}
	span.SetAttributes(attribute.String("status", string(found.status)), attribute.String("reason", string(found.reason)))
	if found.status != outcome.Revoked && !errors.Is(found.err, ErrStopping) {
		span.SetStatus(codes.Error, string(found.reason))
	}
}
