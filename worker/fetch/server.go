package fetch

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/redisfault"
	"receiptrevoker/tasks/wait"
)

const (
	// failedPause is how long a server waits whose look for a task failed.
	failedPause = 200 * time.Millisecond
	// mostAtOnce is how many tasks are taken off a queue in one round trip. Should the process die at this moment,
	// they wait for the end of their leases, as those do that it was working on.
	mostAtOnce = 64
	// drainEvery is how often Drain looks whether the tasks that were taken have begun.
	drainEvery = time.Millisecond
)

// Scripts runs scripts in Redis, one also several times in one round trip.
type Scripts interface {
	EvalSha(ctx context.Context, hash string, keys []string, args ...any) *redis.Cmd
	EvalShas(ctx context.Context, times int, hash string, keys []string, args ...any) []*redis.Cmd
	Eval(ctx context.Context, text string, keys []string, args ...any) *redis.Cmd
}

// Server is the client of one of Asynq's servers, which runs all that it does in scripts. It takes as many tasks off a
// queue as the server has free slots, and gives it one after the other: Asynq asks for each by itself.
type Server struct {
	redis.UniversalClient
	scripts Scripts
	group   *group

	mu    sync.Mutex
	free  int                     // slots without a task that was given to the server
	asked int                     // tasks that Redis is being asked for
	ahead map[string][]*redis.Cmd // by queue, the tasks that were taken and not given yet
	trust map[string]int          // by queue, how many tasks it is believed to hold
}

// Handler returns a handler that tells when a slot of the server is free again. The server must have no other.
func (s *Server) Handler(next asynq.Handler) asynq.Handler {
	return asynq.HandlerFunc(func(ctx context.Context, task *asynq.Task) error {
		defer s.release()
		return next.ProcessTask(ctx, task)
	})
}

// EvalSha runs a script by its hash, unless it would find nothing.
func (s *Server) EvalSha(ctx context.Context, hash string, keys []string, args ...any) *redis.Cmd {
	return s.script(ctx, keys, func(times int) []*redis.Cmd {
		return s.scripts.EvalShas(ctx, times, hash, keys, args...)
	})
}

// Eval runs a script, unless it would find nothing.
func (s *Server) Eval(ctx context.Context, text string, keys []string, args ...any) *redis.Cmd {
	return s.script(ctx, keys, func(int) []*redis.Cmd {
		return []*redis.Cmd{s.scripts.Eval(ctx, text, keys, args...)}
	})
}

// script answers the two scripts that poll by what is known of the queue, and runs all others as they
// are.
func (s *Server) script(ctx context.Context, keys []string, run func(times int) []*redis.Cmd) *redis.Cmd {
	if queue, ok := asynqkeys.Dequeues(keys); ok {
		return s.dequeue(ctx, queue, run)
	}
	if set, queue, ok := asynqkeys.Forwards(keys); ok {
		return s.forward(ctx, set, queue, run)
	}
	return run(1)[0]
}

// dequeue takes the next task off a queue that may hold one. Where none of the server's queues may, it waits, and
// then says that there was none: Asynq gives a task 30 seconds from when it asked, and so asks anew.
func (s *Server) dequeue(ctx context.Context, queue string, run func(times int) []*redis.Cmd) *redis.Cmd {
	if task := s.give(queue); task != nil {
		return task
	}
	none := redis.NewCmd(ctx)
	none.SetErr(redis.Nil)
	signs, may := s.group.ask(queue)
	if !may {
		if !s.has() {
			s.group.hold(ctx)
		}
		return none
	}
	replies := run(s.wanted(queue))
	taken := slices.DeleteFunc(slices.Clone(replies), func(reply *redis.Cmd) bool { return reply.Err() != nil })
	s.take(queue, taken, len(taken) == len(replies))
	for _, reply := range replies {
		if errors.Is(reply.Err(), redis.Nil) {
			s.group.empty(queue, signs)
		} else if reply.Err() != nil {
			none = reply
		}
	}
	if task := s.give(queue); task != nil {
		s.group.release(queue)
		return task
	}
	if redisfault.Failed(none.Err()) {
		_ = wait.For(ctx, failedPause) // Asynq asks again at once, and would spin
	}
	return none
}

// wanted returns how many tasks to take off a queue, and notes it until [Server.take]: no more than slots are free. It
// is one at first, and may be twice as many after each time that the queue held as many as were wanted: one with little
// to do is not asked in vain.
func (s *Server) wanted(queue string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = max(min(s.free-s.left(), s.trust[queue]), 1)
	// Looked at under the lock: Drain, which comes after the group was closed, sees what was asked for before.
	if s.group.stops() {
		s.asked = 1
	}
	return s.asked
}

// take keeps tasks that were taken off a queue, and whether these were as many as were wanted.
func (s *Server) take(queue string, tasks []*redis.Cmd, all bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = 0
	s.ahead[queue] = append(s.ahead[queue], tasks...)
	if !all {
		s.trust[queue] = 1
	} else {
		s.trust[queue] = min(max(2*s.trust[queue], 2), mostAtOnce)
	}
}

// give returns the next task of a queue that was taken off it, nil if there is none. It takes up a slot.
func (s *Server) give(queue string) *redis.Cmd {
	s.mu.Lock()
	defer s.mu.Unlock()
	ahead := s.ahead[queue]
	if len(ahead) == 0 {
		return nil
	}
	s.free--
	s.ahead[queue] = ahead[1:]
	return ahead[0]
}

// has reports whether a task was taken that is not given yet.
func (s *Server) has() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.left() > 0
}

// drains reports whether a task was taken that is not given yet, or may be: of one that Redis is asked for, the server
// waits for the answer.
func (s *Server) drains() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked > 1 || s.left() > 0
}

// left returns how many tasks were taken that are not given yet. The caller holds the lock.
func (s *Server) left() (tasks int) {
	for _, ahead := range s.ahead {
		tasks += len(ahead)
	}
	return tasks
}

// release notes that a slot is free.
func (s *Server) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free++
}

// forward moves what is due from a sorted set to the end of a queue, if anything is. Asynq asks for it
// again and again for every queue (forwardEvery in package worker), and nothing is due most times.
func (s *Server) forward(ctx context.Context, set, queue string, run func(times int) []*redis.Cmd) *redis.Cmd {
	if !s.group.takeDue(queue, set) {
		none := redis.NewCmd(ctx)
		none.SetVal(int64(0))
		return none
	}
	reply := run(1)[0]
	// The script moves a hundred at most: there may be more, and a failure tells nothing.
	if moved, err := reply.Int(); err != nil || moved > 0 {
		s.group.putDue(queue, set)
		s.group.wake(queue)
	}
	return reply
}
