package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"receiptrevoker/cmd/internal/list"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks/outcome"
)

// broken returns why not every line was asked for, and how to go on: unread is
// what the reading of the list ended with, failure what the asking did.
func (j *bulkJob) broken(ctx context.Context, unread, failure error) error {
	if failure == nil && unread == nil && ctx.Err() == nil {
		return nil
	}
	var mismatch *enqueue.MismatchError
	again := j.again(ctx, errors.Is(unread, list.ErrBroken))
	switch {
	case errors.As(failure, &mismatch):
		return fmt.Errorf("%w; give it another --batch", failure)
	case errors.Is(failure, outcome.ErrCancelled):
		return fmt.Errorf("%w, and nothing more is asked for in it; give the list another --batch", failure)
	case ctx.Err() != nil:
		return fmt.Errorf("stopped: %s", again)
	case unread != nil:
		return fmt.Errorf("%w: %s", unread, again)
	case enqueue.Full(failure):
		return fmt.Errorf("redis is full and takes no more tasks: %s, "+
			"once workers have made room or it has more memory: %w", again, failure)
	}
	return fmt.Errorf("%s: %w", again, failure)
}

// again says how far the batch has come, also after the end of ctx, and how to go on: with
// the same list, or with the one that was mended if it is broken.
func (j *bulkJob) again(ctx context.Context, broken bool) string {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	b, err := j.asking.Status(ctx)
	lines := b.Lines
	if err != nil {
		lines = j.asked.lines // known to be in it
	}
	none := errors.Is(err, outcome.ErrNoBatch)
	switch has := fmt.Sprintf("the batch %s has %s", j.settings.batch, plural(lines, "line")); {
	case none && broken:
		return "nothing is asked for; mend the list, and give it again"
	case none:
		return "nothing is asked for; give the list again"
	case broken:
		return fmt.Sprintf("%s; mend the list, and give it again with --batch %s", has, j.settings.batch)
	default:
		return fmt.Sprintf("%s; to go on, give the same list again with --batch %s", has, j.settings.batch)
	}
}
