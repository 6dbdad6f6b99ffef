package tasks

import (
	"context"

	"github.com/hibiken/asynq"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// NewTaskContext is [NewTask] for a task that is part of the trace of ctx: it
// carries the span of ctx in its headers, as traceparent and tracestate of W3C
// Trace Context. Without a span it carries nothing.
func NewTaskContext(ctx context.Context, r Revocation, opts ...asynq.Option) (*asynq.Task, error) {
	var headers map[string]string
	if trace.SpanContextFromContext(ctx).IsValid() {
		headers = make(map[string]string, 1)
		propagation.TraceContext{}.Inject(ctx, propagation.MapCarrier(headers))
	}
	return newTask(r, headers, opts)
}

// ContextWithTrace returns ctx with the span that stands in a task's headers,
// and ctx itself if there is none that can be read.
func ContextWithTrace(ctx context.Context, headers map[string]string) context.Context {
	if len(headers) == 0 {
		return ctx
	}
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier(headers))
}
