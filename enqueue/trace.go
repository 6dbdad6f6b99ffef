package enqueue

import (
	"context"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"receiptrevoker/tasks"
)

// tracer starts the spans of asking, which the tasks then bear. Where nobody
// traces, it leaves every context as it is.
type tracer struct {
	trace.Tracer
	namespace string // of the queues
}

func newTracer(provider trace.TracerProvider, namespace string) tracer {
	if provider == nil {
		provider = otel.GetTracerProvider()
	}
	return tracer{provider.Tracer("receiptrevoker/enqueue"), namespace}
}

// one starts the span of asking for one revocation, in the trace of ctx.
func (t tracer) one(ctx context.Context, r tasks.Revocation) (context.Context, trace.Span) {
	ctx, span := t.Start(ctx, "enqueue revocation", trace.WithSpanKind(trace.SpanKindProducer))
	t.describe(span, r)
	return ctx, span
}

// list starts the span of asking for a list.
func (t tracer) list(ctx context.Context, batch string) (context.Context, trace.Span) {
	ctx, span := t.Start(ctx, "enqueue list", trace.WithSpanKind(trace.SpanKindProducer))
	if batch != "" && span.IsRecording() {
		span.SetAttributes(attribute.String("batch", batch))
	}
	return ctx, span
}

// line starts the span of asking for a line of the list whose span ctx bears.
// It begins a trace of its own that is linked to the list's: nobody could look
// at one trace with all that becomes of a million lines.
func (t tracer) line(ctx context.Context, r tasks.Revocation) (context.Context, trace.Span) {
	list := trace.SpanContextFromContext(ctx)
	if !list.IsValid() {
		return ctx, trace.SpanFromContext(ctx)
	}
	ctx, span := t.Start(ctx, "enqueue revocation", trace.WithSpanKind(trace.SpanKindProducer),
		trace.WithNewRoot(), trace.WithLinks(trace.Link{SpanContext: list}))
	t.describe(span, r)
	return ctx, span
}

func (t tracer) describe(span trace.Span, r tasks.Revocation) {
	if !span.IsRecording() {
		return
	}
	span.SetAttributes(attribute.String("imp_uid", r.ImpUID), attribute.String("pg", string(r.PG)),
		attribute.String("queue", tasks.QueueOf(r).In(t.namespace).Name()))
	if r.Batch != "" {
		span.SetAttributes(attribute.String("batch", r.Batch))
	}
}

// end ends a span of asking with its result.
func end(span trace.Span, duplicate bool, err error) {
	if span.IsRecording() {
		span.SetAttributes(attribute.Bool("duplicate", duplicate))
		if err != nil {
			span.SetStatus(codes.Error, err.Error())
		}
	}
	span.End()
}
