// Package roundtrip makes goroutines share round trips to Redis. Most of what a small script costs,
// here and in Redis, is its way: commands that come while others are on their way go together with the
// next round trip. go-redis has something like it (AutoPipeliner), which is experimental, and cannot
// run in the simulation, since it keeps channels for all clients together.
//
// A command waits for no timer. Where few are made, each goes at once and alone; the more are made, the
// more go together.
package roundtrip

import (
	"context"
	"slices"
	"sync"

	"github.com/redis/go-redis/v9"
)

const (
	// flights is how many round trips are under way at a time: while Redis works on one, the next is
	// read.
	flights = 2
	// mostCommands is how many commands one round trip has at most: each waits for the answers to all.
	mostCommands = 100
)

// Shared is a Redis client whose scripts share round trips; all else goes its usual way. It is safe for
// concurrent use.
type Shared struct {
	redis.UniversalClient
	// ctx is what round trips end with: one serves several callers, so that none of their contexts may
	// cut it.
	ctx context.Context

	mu      sync.Mutex
	flying  int
	waiting []*call // in the order in which they came; empty while fewer are flying than may
}

// call is a command that waits.
type call struct {
	cmd  *redis.Cmd
	told chan []*call // those to take along, itself among them; none if it has been carried out
}

// New returns a client that shares the round trips of another, and waits for them no longer than until
// ctx is done. A caller's own context ends its wait for the next round trip, and not one that is under
// way.
func New(ctx context.Context, client redis.UniversalClient) *Shared {
	return &Shared{UniversalClient: client, ctx: ctx}
}

// EvalSha runs a script by its hash. A script that Redis does not know yet fails with NOSCRIPT alone;
// the others of the round trip are carried out.
func (s *Shared) EvalSha(ctx context.Context, hash string, keys []string, args ...any) *redis.Cmd {
	return s.script(ctx, "evalsha", hash, keys, args)
}

// Eval runs a script.
func (s *Shared) Eval(ctx context.Context, text string, keys []string, args ...any) *redis.Cmd {
	return s.script(ctx, "eval", text, keys, args)
}

// script makes the command that go-redis would make for a script, and returns it once it has been
// carried out, by this goroutine or by another.
func (s *Shared) script(ctx context.Context, command, script string, keys []string, args []any) *redis.Cmd {
	words := make([]any, 0, 3+len(keys)+len(args))
	words = append(words, command, script, len(keys))
	for _, key := range keys {
		words = append(words, key)
	}
	c := &call{cmd: redis.NewCmd(ctx, append(words, args...)...), told: make(chan []*call, 1)}
	// In a Cluster go-redis chooses the node by the first key, which stands behind the command, the
	// script and the number of keys.
	c.cmd.SetFirstKeyPos(3)
	if calls := s.board(c); calls != nil {
		s.fly(calls)
	} else if calls := s.await(ctx, c); calls != nil {
		s.fly(calls)
	}
	return c.cmd
}

// board returns a command itself if it is to go at once, and else has it wait in line.
func (s *Shared) board(c *call) []*call {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flying < flights {
		s.flying++
		return []*call{c}
	}
	s.waiting = append(s.waiting, c)
	return nil
}

// await waits until a command has been carried out, or is to go now, and returns those that it takes
// along. A command fails if its context ends before it goes; once it is on its way, its goroutine waits
// for the answer.
func (s *Shared) await(ctx context.Context, c *call) []*call {
	select {
	case calls := <-c.told:
		return calls
	case <-ctx.Done():
	}
	if s.leave(c) {
		c.cmd.SetErr(context.Cause(ctx))
		return nil
	}
	return <-c.told
}

// leave takes a command back out of the line, unless it is on its way.
func (s *Shared) leave(c *call) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := slices.Index(s.waiting, c)
	if at >= 0 {
		s.waiting = slices.Delete(s.waiting, at, at+1)
	}
	return at >= 0
}

// fly carries commands out, tells those who wait for them, and makes the first of those go that came
// meanwhile. That one's own goroutine carries them out: no goroutine is started, and none has to be
// stopped.
func (s *Shared) fly(calls []*call) {
	s.carryOut(calls)
	for _, c := range calls {
		c.told <- nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	count := min(len(s.waiting), mostCommands)
	if count == 0 {
		s.flying--
		return
	}
	next := slices.Clone(s.waiting[:count])
	s.waiting = slices.Delete(s.waiting, 0, count)
	next[0].told <- next
}

// carryOut carries commands out in one round trip. Each has its own error, so that the joint one tells
// nothing more.
func (s *Shared) carryOut(calls []*call) {
	// A command alone needs no pipeline, and go-redis repeats it by its own rules.
	if len(calls) == 1 {
		_ = s.Process(s.ctx, calls[0].cmd)
		return
	}
	_, _ = s.Pipelined(s.ctx, func(p redis.Pipeliner) error {
		for _, c := range calls {
			_ = p.Process(s.ctx, c.cmd)
		}
		return nil
	})
}
