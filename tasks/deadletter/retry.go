package deadletter

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// finishTimeout bounds what is done after a letter is revived, whatever happens to
// the caller's context: one half-way would wait for a worker to find it.
const finishTimeout = 10 * time.Second

// Retry gives a dead letter fresh attempts, in two steps: its outcome is opened again,
// in one atomic step with the list; then its task is enqueued. Stopped in between, the
// workers enqueue it.
//
// Retrying twice is harmless: the second time, and whenever the letter is no
// longer dead, the error is an [*outcome.NotDeadError]. It leaves everything as it was, and
// matches [tasks.ErrInvalid] if the imp_uid can never become a call,
// [outcome.ErrWithdrawn] if all who asked have cancelled it, whatever it died of, and
// [outcome.ErrReissued] if another receipt would be revoked than the one that was asked for.
func (l *List) Retry(ctx context.Context, letter outcome.Outcome) error {
	ctx, span := l.tracer.Start(ctx, "retry dead letter", trace.WithSpanKind(trace.SpanKindProducer),
		trace.WithNewRoot(), trace.WithLinks(trace.LinkFromContext(ctx)))
	defer span.End()
	err := l.retry(ctx, letter)
	if span.IsRecording() {
		span.SetAttributes(attribute.String("imp_uid", letter.ImpUID), attribute.String("pg", string(letter.PG)))
		if err != nil {
			span.SetStatus(codes.Error, err.Error())
		}
	}
	return err
}

func (l *List) retry(ctx context.Context, letter outcome.Outcome) error {
	if err := tasks.ValidateImpUID(letter.ImpUID); err != nil {
		return fmt.Errorf("%q cannot be retried: %w", letter.ImpUID, err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishTimeout)
	defer cancel()
	revocation, err := l.outcomes.Revive(ctx, letter.ImpUID)
	if err != nil {
		return err
	}
	if _, err := l.tasks.Enqueue(ctx, revocation, l.options...); err != nil {
		return notEnqueued(letter.ImpUID, err)
	}
	return nil
}

func notEnqueued(impUID string, err error) error {
	return fmt.Errorf("%s has fresh attempts, but was not enqueued; a running worker does that for it: %w", impUID, err)
}
