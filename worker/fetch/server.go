package fetch

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/redisfault"
	"receiptrevoker/tasks/wait"
)

// failedPause is how long a server waits whose look for a task failed. Asynq asks again at once, and
// would spin while Redis is away.
const failedPause = 200 * time.Millisecond

// server is the client of one of Asynq's servers, which runs all that it does in scripts. So two
// methods are enough to see everything that it asks for; which script it is, the keys tell (see
// asynqkeys.Dequeues and asynqkeys.Forwards).
type server struct {
	redis.UniversalClient
	scripts redis.Scripter
	group   *group
}

// EvalSha runs a script by its hash, unless it would find nothing.
func (s *server) EvalSha(ctx context.Context, hash string, keys []string, args ...any) *redis.Cmd {
	return s.script(ctx, keys, func() *redis.Cmd { return s.scripts.EvalSha(ctx, hash, keys, args...) })
}

// Eval runs a script, unless it would find nothing.
func (s *server) Eval(ctx context.Context, text string, keys []string, args ...any) *redis.Cmd {
	return s.script(ctx, keys, func() *redis.Cmd { return s.scripts.Eval(ctx, text, keys, args...) })
}

// script answers the two scripts that poll by what is known of the queue, and runs all others as they
// are.
func (s *server) script(ctx context.Context, keys []string, run func() *redis.Cmd) *redis.Cmd {
	if queue, ok := asynqkeys.Dequeues(keys); ok {
		return s.dequeue(ctx, queue, run)
	}
	if set, queue, ok := asynqkeys.Forwards(keys); ok {
		return s.forward(ctx, set, queue, run)
	}
	return run()
}

// dequeue takes the next task off a queue that may hold one. Where none of the server's queues may, it
// waits, and then says that there was none: Asynq gives a task 30 seconds from when it asked (the
// lease), and so has to ask anew.
func (s *server) dequeue(ctx context.Context, queue string, run func() *redis.Cmd) *redis.Cmd {
	signs, may := s.group.ask(queue)
	if !may {
		s.group.hold(ctx)
		none := redis.NewCmd(ctx)
		none.SetErr(redis.Nil)
		return none
	}
	reply := run()
	switch err := reply.Err(); {
	case err == nil:
		// Where one task was, more may be: the next server looks.
		s.group.wake(queue)
	case errors.Is(err, redis.Nil):
		s.group.empty(queue, signs)
	case redisfault.Failed(err):
		_ = wait.For(ctx, failedPause) // Asynq asks again at once, and would spin
	}
	return reply
}

// forward moves what is due from a sorted set to the end of a queue, if anything is. Asynq asks for it
// again and again for every queue (forwardEvery in package worker), and nothing is due most times.
func (s *server) forward(ctx context.Context, set, queue string, run func() *redis.Cmd) *redis.Cmd {
	if !s.group.takeDue(queue, set) {
		none := redis.NewCmd(ctx)
		none.SetVal(int64(0))
		return none
	}
	reply := run()
	// The script moves a hundred at most: there may be more, and a failure tells nothing.
	if moved, err := reply.Int(); err != nil || moved > 0 {
		s.group.putDue(queue, set)
		s.group.wake(queue)
	}
	return reply
}
