package complaint

import (
	"context"

	"go.opentelemetry.io/otel/trace"

	"receiptrevoker/tasks"
)

// About returns what a log line says of the revocation that it is about, as arguments of [slog.Logger].
// The runbook restores a Redis by the log: so a line names the batch, whose list can be given again;
// the number of the receipt that was meant, since no other may be revoked; and its tier, since the same
// imp_uid of another sub-merchant is another payment. Fields that the request does not have are left
// out.
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
