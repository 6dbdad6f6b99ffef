package tasks_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/trace"

	"receiptrevoker/tasks"
)

func spanContext(t *testing.T, flags trace.TraceFlags, state string) trace.SpanContext {
	t.Helper()
	traceID, err := trace.TraceIDFromHex("0af7651916cd43dd8448eb211c80319c")
	if err != nil {
		t.Fatal(err)
	}
	spanID, err := trace.SpanIDFromHex("b7ad6b7169203331")
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := trace.ParseTraceState(state)
	if err != nil {
		t.Fatal(err)
	}
	return trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: traceID, SpanID: spanID, TraceFlags: flags, TraceState: parsed,
	})
}

func TestTaskBearsTheSpanOfItsContext(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		span trace.SpanContext
		want map[string]string
	}{
		"none": {},
		"sampled": {
			spanContext(t, trace.FlagsSampled, ""),
			map[string]string{"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
		},
		"sampled out, with state": {
			spanContext(t, 0, "shop=1"),
			map[string]string{
				"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", "tracestate": "shop=1",
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := trace.ContextWithSpanContext(t.Context(), test.span)
			task, err := tasks.NewTaskContext(ctx, tasks.Revocation{ImpUID: "imp_1"})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, task.Headers()); diff != "" {
				t.Errorf("headers (-want +got):\n%s", diff)
			}
			got := trace.SpanContextFromContext(tasks.ContextWithTrace(t.Context(), task.Headers()))
			if !got.Equal(test.span.WithRemote(test.span.IsValid())) {
				t.Errorf("read back %v, want %v", got, test.span)
			}
		})
	}
}

func TestUnreadableTraceIsNone(t *testing.T) {
	t.Parallel()
	for _, traceparent := range []string{"", "nonsense", "00-00000000000000000000000000000000-b7ad6b7169203331-01"} {
		ctx := tasks.ContextWithTrace(t.Context(), map[string]string{"traceparent": traceparent})
		if ctx != t.Context() {
			t.Errorf("%q changed the context", traceparent)
		}
	}
}
