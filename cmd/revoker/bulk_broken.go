package main

import (
	"context"
	"errors"
	"fmt"
	"time"

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
	again := fmt.Sprintf("the batch %s has %s; to go on, give the same list again with --batch %[1]s",
		j.settings.batch, plural(j.marked(ctx), "line"))
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

// marked returns how many lines the batch has, also after the end of ctx, or
// how many are known to be in it where Redis does not say.
func (j *bulkJob) marked(ctx context.Context) int {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	b, err := j.asking.Status(ctx)
	if err != nil {
		return j.asked.lines
	}
	return b.Lines
}
