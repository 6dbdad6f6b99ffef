package enqueue

import (
	"context"
	"errors"
	"time"

	"github.com/sethvargo/go-retry"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/redisfault"
)

// patience is how long Redis may be away before a list is given up for now.
const patience = 30 * time.Second

// retried does something until it succeeds, as long as waiting may help: another
// list stays one, Redis' memory does not get free by more tasks, and a key of another type
// stays one. At the first chunk, when nothing has shown yet that Redis can be used, an error
// that no repetition mends ends it.
func retried(ctx context.Context, first bool, do func(context.Context) error) error {
	backoff := retry.WithCappedDuration(2*time.Second, retry.NewExponential(50*time.Millisecond))
	return retry.Do(ctx, retry.WithMaxDuration(patience, backoff), func(ctx context.Context) error {
		err := do(ctx)
		switch {
		case err == nil, errors.Is(err, outcome.ErrNoBatch), errors.Is(err, outcome.ErrOtherList),
			errors.Is(err, outcome.ErrTooLong), errors.Is(err, outcome.ErrCancelled), errors.Is(err, tasks.ErrInvalid),
			errors.Is(err, ErrOlderWorker), Full(err), redisfault.Corrupt(err), first && redisfault.Permanent(err):
			return err
		}
		return retry.RetryableError(err)
	})
}

// Full reports whether an error says that Redis' memory is full, so that it
// takes no more tasks until some are done or it is given more.
func Full(err error) bool { return redisfault.Of(err) == redisfault.OOM }
