package revoke

import (
	"errors"
	"fmt"
	"time"

	"github.com/hibiken/asynq"

	"receiptrevoker/tasks/outcome"
)

// The reasons why a task was put back although nothing was found out about its receipt.
var (
	ErrStopping  = errors.New("the worker is stopping")
	errLeaseLost = errors.New("the attempt's lease is over")
	errMisplaced = errors.New("its request is for another gateway than its task")
)

// again tells Asynq to come back to a task: after how long, and whether the attempt counts in Asynq's
// own figures. The attempts of the schedule are counted in the outcome.
type again struct {
	after   time.Duration
	counted bool
	cause   error
}

func (e *again) Error() string { return e.cause.Error() }
func (e *again) Unwrap() error { return e.cause }

// never tells Asynq that a task will not succeed: it wraps [asynq.SkipRetry], by which Asynq archives
// the task. The text is what Asynq's web UI shows of it.
func never(reason outcome.Reason, cause error) error {
	if cause == nil {
		return fmt.Errorf("%s: %w", reason, asynq.SkipRetry)
	}
	return fmt.Errorf("%s: %w: %w", reason, cause, asynq.SkipRetry)
}

// RetryDelay is Asynq's question when to come back (asynq.Config.RetryDelayFunc). Where the handler did
// not say, the handler died or was cut off: its lease is over, so a second is enough. The first
// argument, Asynq's count of retries, is not used, since only the outcome knows how many attempts
// count.
func RetryDelay(_ int, err error, _ *asynq.Task) time.Duration {
	var later *again
	if errors.As(err, &later) {
		return later.after
	}
	return time.Second
}

// IsFailure is Asynq's question whether an error counts in its own figures (asynq.Config.IsFailure). An
// error of another type is a failure: for example [asynq.SkipRetry].
func IsFailure(err error) bool {
	var later *again
	return !errors.As(err, &later) || later.counted
}
