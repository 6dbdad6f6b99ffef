package redisfault

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/sethvargo/go-retry"

	"receiptrevoker/tasks/wait"
)

// calmPause is for how long what fails is held back.
const calmPause = 200 * time.Millisecond

// Calm is a hook of a Redis client that holds back what fails: Asynq asks for the next task again at
// once, however the last time failed, and would spin.
type Calm struct{}

// DialHook holds back a connection that could not be made.
func (Calm) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		connection, err := next(ctx, network, addr)
		if err != nil {
			_ = wait.For(ctx, calmPause)
		}
		return connection, err
	}
}

// ProcessHook holds back a command that fails, also one for which go-redis does not dial any more:
// after as many failed dials as it has connections its pool fails at once (internal/pool/pool.go),
// until a probe once a second finds Redis.
func (Calm) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if Failed(err) {
			_ = wait.For(ctx, calmPause)
		}
		return err
	}
}

// ProcessPipelineHook changes nothing: no loop of this project's repeats a pipeline.
func (Calm) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// answers are errors by which Redis says what a command found: a script that it does not know yet and
// that is sent next, and a task of Asynq's that is gone. Asynq's scripts answer NOT FOUND.
var answers = []string{"NOSCRIPT ", "NOT FOUND", "ERR NOT FOUND"}

// Failed reports that a command was not carried out. A reply of nil is no failure, and neither is a
// command whose caller has stopped waiting.
func Failed(err error) bool {
	if err == nil || errors.Is(err, redis.Nil) || errors.Is(err, context.Canceled) {
		return false
	}
	return !slices.ContainsFunc(answers, func(answer string) bool { return strings.HasPrefix(err.Error(), answer) })
}

// Unanswered reports that no server carried a command out and none said why: Redis did not answer, or
// no server has the key. A refusal is an answer, such as to the commands by which package rights tries
// what a user may do.
func Unanswered(err error) bool {
	var reply redis.Error
	return Failed(err) && (!errors.As(err, &reply) || Of(err) == ClusterDown)
}

// Backoff paces what is tried until Redis answers: from 50 ms, doubling, up to 5 s. A new one is needed
// for each loop, since it counts its tries.
func Backoff() retry.Backoff {
	return retry.WithCappedDuration(5*time.Second, retry.NewExponential(50*time.Millisecond))
}
