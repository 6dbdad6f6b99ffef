package redishealth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks/redisfault"
)

const (
	// stalledAfter is how long all commands of a kind must fail before Redis counts as not
	// carrying them out: a failover takes less, and ends by itself.
	stalledAfter = 10 * time.Second
	// forgetAfter is after how long a kind that nothing asks for any more is forgotten. It is
	// more than a command takes that fails with all its tries.
	forgetAfter = time.Minute
)

// Stalled is a hook of a Redis client that knows which kinds of commands fail while others
// are carried out: large ones where a network drops large packets, or those of keys in a
// part of a cluster that is gone. A [Watch], which asks little, and of one key, sees neither.
// [NewStalled] makes one.
type Stalled struct {
	some  atomic.Bool // whether a kind fails, so that a command costs nothing otherwise
	mu    sync.Mutex
	kinds map[kind]streak
}

// NewStalled returns a hook that has seen no command yet.
func NewStalled() *Stalled { return &Stalled{kinds: make(map[kind]streak)} }

// streak is of commands of one kind that failed one after the other.
type streak struct {
	began, ended time.Time // when the first began, and the last failed
	err          error     // why the last failed
}

// Err returns an error that names each kind of commands of which none has been carried out
// for ten seconds.
func (s *Stalled) Err() error {
	if !s.some.Load() {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var stalled []error
	for of, failing := range s.kinds {
		if took := failing.ended.Sub(failing.began); took >= stalledAfter && time.Since(failing.ended) < forgetAfter {
			stalled = append(stalled,
				fmt.Errorf("none of its %s was carried out for %v: %w", of, took.Round(time.Second), failing.err))
		}
	}
	slices.SortFunc(stalled, func(a, b error) int { return cmp.Compare(a.Error(), b.Error()) })
	return errors.Join(stalled...)
}

// ProcessHook notes whether a command was carried out.
func (s *Stalled) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		began := time.Now()
		err := next(ctx, cmd)
		s.note(cmd, began, err)
		return err
	}
}

// ProcessPipelineHook notes whether the commands of a pipeline were carried out.
func (s *Stalled) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		began := time.Now()
		err := next(ctx, cmds)
		if err == nil && !s.some.Load() {
			return nil
		}
		for _, cmd := range cmds {
			s.note(cmd, began, cmd.Err())
		}
		return err
	}
}

// DialHook changes nothing: the command that needs the connection is noted.
func (*Stalled) DialHook(next redis.DialHook) redis.DialHook { return next }

func (s *Stalled) note(cmd redis.Cmder, began time.Time, err error) {
	failed := redisfault.Unanswered(err)
	if !failed && !s.some.Load() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	of := kindOf(cmd)
	if failing := s.kinds[of]; failed {
		if time.Since(failing.ended) >= forgetAfter {
			failing.began = began
		}
		failing.ended, failing.err = time.Now(), err
		s.kinds[of] = failing
	} else {
		delete(s.kinds, of)
	}
	s.some.Store(len(s.kinds) > 0)
}

// kind is what a network or a cluster carries out alike: a command, or a script, and the part
// of its key that determines its place in a cluster.
type kind struct{ command, script, tag string }

func kindOf(cmd redis.Cmder) kind {
	k, args, key := kind{command: cmd.Name()}, cmd.Args(), 1
	if strings.HasPrefix(k.command, "eval") && len(args) > 1 { // EVALSHA sha numkeys key
		k.script, _ = args[1].(string)
		key = 3
	}
	if key < len(args) {
		name, _ := args[key].(string)
		_, name, _ = strings.Cut(name, "{")
		k.tag, _, _ = strings.Cut(name, "}")
	}
	return k
}

// String names the kind, without its script, which is a hash or long.
func (k kind) String() string {
	if k.tag == "" {
		return k.command
	}
	return k.command + " of {" + k.tag + "}"
}
