package redisfault

import (
	"context"
	"net"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/sethvargo/go-retry"
)

// calmPause is how long a command that cannot be carried out is held back.
const calmPause = 200 * time.Millisecond

// Calm is a hook of a Redis client that holds back what fails while Redis is in trouble:
// Asynq asks for the next task again at once, however the last time failed, and would
// spin.
type Calm struct{}

// DialHook holds back a connection that could not be made.
func (Calm) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		connection, err := next(ctx, network, addr)
		if err != nil {
			pause(ctx)
		}
		return connection, err
	}
}

// ProcessHook holds back a command that Redis will not carry out, now or ever.
func (Calm) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if fault := Of(err); fault != "" && fault != WrongType {
			pause(ctx)
		}
		return err
	}
}

// ProcessPipelineHook changes nothing: nothing of ours loops on a pipeline.
func (Calm) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// Backoff paces what is tried until Redis answers: from 50 ms, doubling, up to 5 s.
func Backoff() retry.Backoff {
	return retry.WithCappedDuration(5*time.Second, retry.NewExponential(50*time.Millisecond))
}

func pause(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(calmPause):
	}
}
