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
	// mostCommands is how many commands one has at most: each waits for the answers to all.
	mostCommands = 200
	// mostMerged is how many calls share one call of a script: Redis does nothing else until it has carried all
	// of them out, which takes it some forty microseconds each.
	mostMerged = 50
)

// Shared is a Redis client whose scripts share round trips; all else goes its usual way. It is safe for
// concurrent use.
type Shared struct {
	redis.UniversalClient
	ctx    context.Context
	merges map[string]bool // the hashes of scripts of which many share a call

	mu      sync.Mutex
	flying  int
	waiting []*call // in the order in which they came; empty while fewer are flying than may
}

// call is a command that waits.
type call struct {
	cmd  *redis.Cmd
	keys int          // behind the script in the arguments of cmd, before the script's own
	told chan []*call // those to take along, itself among them; none if it has been carried out
}

// New returns a client that shares the round trips of another, and waits for them no longer than until ctx is done: a
// caller's own context ends its wait for the next one. Calls of the scripts with the given hashes that have the same
// keys and the same first argument become one call, in which their other arguments stand behind each other; its reply
// is a list of what each of them comes to, an error or a value, and each gets a list of its own.
func New(ctx context.Context, client redis.UniversalClient, merges ...string) *Shared {
	s := &Shared{UniversalClient: client, ctx: ctx, merges: make(map[string]bool)}
	for _, hash := range merges {
		s.merges[hash] = true
	}
	return s
}

// EvalSha runs a script by its hash. A script that Redis does not know yet fails with NOSCRIPT alone;
// the others of the round trip are carried out.
func (s *Shared) EvalSha(ctx context.Context, hash string, keys []string, args ...any) *redis.Cmd {
	return s.run(ctx, 1, len(keys), words("evalsha", hash, keys, args))[0]
}

// EvalShas runs a script by its hash so many times, one after the other. Each run has its own error.
func (s *Shared) EvalShas(ctx context.Context, times int, hash string, keys []string, args ...any) []*redis.Cmd {
	return s.run(ctx, times, len(keys), words("evalsha", hash, keys, args))
}

// Eval runs a script.
func (s *Shared) Eval(ctx context.Context, text string, keys []string, args ...any) *redis.Cmd {
	return s.run(ctx, 1, len(keys), words("eval", text, keys, args))[0]
}

// words returns a command that runs a script, with its arguments.
func words(command, script string, keys []string, args []any) []any {
	all := make([]any, 0, 3+len(keys)+len(args))
	all = append(all, command, script, len(keys))
	for _, key := range keys {
		all = append(all, key)
	}
	return append(all, args...)
}

// run runs a script with so many keys so many times.
func (s *Shared) run(ctx context.Context, times, keys int, words []any) []*redis.Cmd {
	own, replies := make([]*call, times), make([]*redis.Cmd, times)
	for i := range own {
		replies[i] = redis.NewCmd(ctx, words...)
		replies[i].SetFirstKeyPos(3)
		own[i] = &call{cmd: replies[i], keys: keys, told: make(chan []*call, 1)}
	}
	s.board(own)
	for _, c := range own { // those before c are carried out: who goes next may be c, and needs none of them
		if calls := s.await(ctx, c); calls != nil {
			s.fly(calls)
		}
	}
	return replies
}

// board has commands wait, or if they are to go at once tells the first one so.
func (s *Shared) board(own []*call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flying < flights {
		s.flying++
		own[0].told <- own
		return
	}
	s.waiting = append(s.waiting, own...)
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
	merged := s.merge(calls)
	_, _ = s.Pipelined(s.ctx, func(p redis.Pipeliner) error {
		for _, m := range merged {
			_ = p.Process(s.ctx, m.cmd)
		}
		return nil
	})
	for _, m := range merged {
		m.share()
	}
}
