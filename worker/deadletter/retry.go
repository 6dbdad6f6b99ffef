package deadletter

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hibiken/asynq"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

const (
	// finishTimeout bounds what is done after a letter is revived, whatever happens to
	// the caller's context: one half-way would wait for a worker to find it.
	finishTimeout = 10 * time.Second
	// conflicts is how often an ID may be taken by a task that is finished.
	conflicts = 3
)

// Retry gives a dead letter fresh attempts, in three steps:
//
//  1. The finished task that Asynq may still hold is deleted, since it would
//     occupy the ID. Stopped here, the letter is dead as before.
//  2. The outcome is opened again, in one atomic step with the list. Stopped
//     here, it is overdue at once, and the workers enqueue what is overdue.
//  3. The task is enqueued.
//
// Retrying twice is harmless: the second time, and whenever the letter is no
// longer dead, the error is an [*outcome.NotDeadError]. It is a [*HeldError]
// if a worker still holds the task, and matches [tasks.ErrInvalid] if the
// imp_uid can never become a call; both leave everything as it was.
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
	cleared, err := l.clearAll(ctx, letter)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishTimeout)
	defer cancel()
	revocation, err := l.outcomes.Revive(ctx, letter.ImpUID)
	var notDead *outcome.NotDeadError
	switch {
	case errors.As(err, &notDead) && notDead.Status == outcome.Retrying && cleared > 0:
		// Somebody else retried it in this moment, and the task that was
		// deleted may have been theirs.
		revocation = tasks.Revocation{ImpUID: letter.ImpUID, PG: letter.PG, Batch: letter.Batch}
	case err != nil:
		return err
	}
	if failure := l.enqueue(ctx, revocation); failure != nil {
		return failure
	}
	return err
}

// enqueue enqueues what was revived. Where the ID is taken, a live task will
// do; one that is finished makes way.
func (l *List) enqueue(ctx context.Context, r tasks.Revocation) error {
	task, err := tasks.NewTaskContext(ctx, r, l.options...)
	if err != nil {
		return err
	}
	at := place{tasks.QueueOf(r).Name(), tasks.TaskID(r.ImpUID)}
	for range conflicts {
		_, err = l.queue.EnqueueContext(ctx, task)
		if !errors.Is(err, asynq.ErrTaskIDConflict) {
			break
		}
		finished, clearErr := l.clear(ctx, r.ImpUID, at)
		var held *HeldError
		switch {
		case errors.As(clearErr, &held):
			// It began after the letter was revived: an attempt that finds a
			// dead letter is over at once.
			return nil
		case clearErr != nil:
			return notEnqueued(r.ImpUID, clearErr)
		case finished == nil:
			return nil // it waits for a worker
		}
	}
	if err != nil {
		return notEnqueued(r.ImpUID, err)
	}
	return nil
}

func notEnqueued(impUID string, err error) error {
	return fmt.Errorf("%s has fresh attempts, but was not enqueued; a running worker does that for it: %w", impUID, err)
}
