package enqueue

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sethvargo/go-retry"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// patience is how long Redis may be away before a list is given up for now.
const patience = 30 * time.Second

// retried does something until it succeeds, as long as waiting may help: a
// mismatch stays one, and Redis' memory does not get free by more tasks.
func retried(ctx context.Context, do func(context.Context) error) error {
	backoff := retry.WithCappedDuration(2*time.Second, retry.NewExponential(50*time.Millisecond))
	return retry.Do(ctx, retry.WithMaxDuration(patience, backoff), func(ctx context.Context) error {
		err := do(ctx)
		var mismatch *MismatchError
		var longer *outcome.LongerError
		switch {
		case err == nil, errors.As(err, &mismatch), errors.As(err, &longer),
			errors.Is(err, outcome.ErrNoBatch), errors.Is(err, outcome.ErrOtherList), errors.Is(err, outcome.ErrTooLong),
			errors.Is(err, tasks.ErrInvalid), Full(err):
			return err
		}
		return retry.RetryableError(err)
	})
}

// Full reports whether an error says that Redis' memory is full, so that it
// takes no more tasks until some are done or it is given more.
func Full(err error) bool {
	return err != nil && strings.Contains(err.Error(), "OOM command not allowed")
}

// parallel calls do with 0 to count-1, at most limit at a time.
func parallel(count, limit int, do func(int)) {
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(limit, count) {
		all.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= count {
					return
				}
				do(i)
			}
		})
	}
	all.Wait()
}
