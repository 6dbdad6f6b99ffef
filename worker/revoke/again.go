package revoke

import (
	"errors"
	"fmt"
	"time"

	"github.com/hibiken/asynq"

	"receiptrevoker/tasks/outcome"
)

// Why a task was put back untouched.
var (
	ErrStopping  = errors.New("the worker is stopping")
	errLeaseLost = errors.New("the attempt's lease is over")
	errMisplaced = errors.New("its request is for another gateway than its task")
)

// again tells Asynq to come back to a task.
type again struct {
	after   time.Duration
	counted bool
	cause   error
}

func (e *again) Error() string { return e.cause.Error() }
func (e *again) Unwrap() error { return e.cause }

// never tells Asynq that a task will not succeed.
func never(reason outcome.Reason, cause error) error {
	if cause == nil {
		return fmt.Errorf("%s: %w", reason, asynq.SkipRetry)
	}
	return fmt.Errorf("%s: %w: %w", reason, cause, asynq.SkipRetry)
}

// RetryDelay is Asynq's question when to come back. Where the handler did not
// say, it died or was cut off: its lease is over, so soon.
func RetryDelay(_ int, err error, _ *asynq.Task) time.Duration {
	var later *again
	if errors.As(err, &later) {
		return later.after
	}
	return time.Second
}

// IsFailure is Asynq's question whether an error counts in its own figures.
func IsFailure(err error) bool {
	var later *again
	return !errors.As(err, &later) || later.counted
}
