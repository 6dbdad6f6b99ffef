package complaint

import (
	"context"

	"go.opentelemetry.io/otel/trace"

	"receiptrevoker/tasks"
)

// About returns what a log line says of the revocation that it is about. The batch tells
// whose list it is of where a log is asked from again, as the runbook does; with the number
// of the receipt that was meant, no other is, and with its tier no other sub-merchant's.
func About(ctx context.Context, r tasks.Revocation, more ...any) []any {
	args := []any{"imp_uid", r.ImpUID, "pg", string(r.PG)}
	if r.Batch != "" {
		args = append(args, "batch", r.Batch)
	}
	if r.ApplyNum != "" {
		args = append(args, "apply_num", r.ApplyNum)
	}
	if r.Tier != "" {
		args = append(args, "tier", r.Tier)
	}
	if span := trace.SpanContextFromContext(ctx); span.HasTraceID() {
		args = append(args, "trace_id", span.TraceID().String())
	}
	return append(args, more...)
}
