package asynqkeys

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// servers is Asynq's set of the names of its servers, by the time at which each is to
	// be taken for gone, on the clock of the server's host. A name is also the key in which
	// the server writes every five seconds what it is; that ends after ten, by Redis' clock.
	servers = "asynq:servers"
	// serverPrefix begins each name.
	serverPrefix = servers + ":"
	// clocksApart is by how much the clocks of two hosts may differ. Names of servers that
	// were killed stay in the set until an Inspector drops them: older ones are not looked at.
	clocksApart = 24 * time.Hour
	// workersLife is how old what [Workers] says may be.
	workersLife = 2 * time.Second
)

// State is what a worker does about its queues.
type State int

// The states of workers.
const (
	Serving  State = iota // it takes tasks
	Stopping              // it takes none any more, and finishes those that it has taken
	Waiting               // it takes none yet: PortOne has not accepted its account
)

// Worker is a process that serves queues of this project, or is about to.
type Worker struct {
	Host string
	PID  int
	// Protocol is what it understands of a task, see [Protocol]; 0 for a program that is
	// none of ours. Where two processes have the same host and PID, as those of containers
	// on their host's network do, it is the lesser one.
	Protocol int
	// Queues are those of this project that it serves, in order; those that it will serve at
	// first where it is [Waiting].
	Queues []string
	// State may be five seconds old. Of a process with several servers, and of two processes
	// with the same host and PID, it is the least one.
	State State
}

// Count is how many workers there are in each state.
type Count struct {
	Serving  int `json:"serving"`
	Stopping int `json:"stopping"`
	Waiting  int `json:"waiting"`
}

// CountOf counts workers by their states.
func CountOf(workers []Worker) (c Count) {
	for _, w := range workers {
		switch w.State {
		case Stopping:
			c.Stopping++
		case Waiting:
			c.Waiting++
		default:
			c.Serving++
		}
	}
	return c
}

// Served reports whether one of the workers takes tasks of a queue.
func Served(workers []Worker, queue string) bool {
	return slices.ContainsFunc(workers, func(w Worker) bool {
		return w.State == Serving && slices.Contains(w.Queues, queue)
	})
}

// Older reports whether the worker may carry a task of this version out wrongly.
func (w Worker) Older() bool { return w.Protocol < Protocol }

// String returns by what the process is found, and what it is.
func (w Worker) String() string {
	if w.Protocol == 0 {
		return fmt.Sprintf("%s:%d (another program)", w.Host, w.PID)
	}
	return fmt.Sprintf("%s:%d (protocol %d of %d)", w.Host, w.PID, w.Protocol, Protocol)
}

// Workers knows which workers live. It asks Redis at most every two seconds. Its methods
// are safe for concurrent use.
type Workers struct {
	client    redis.Cmdable
	namespace string

	turn  chan struct{} // of one: whoever has it asks Redis, the others wait for as long as they like
	asked time.Time
	names []string // of the servers that lived when it last asked
	found []Worker
}

// NewWorkers returns what knows the workers of a namespace on a Redis.
func NewWorkers(client redis.Cmdable, namespace string) *Workers {
	return &Workers{client: client, namespace: namespace, turn: make(chan struct{}, 1)}
}

// List returns the workers that live, by host and process ID. One that was killed stays
// among them for up to ten seconds.
func (w *Workers) List(ctx context.Context) ([]Worker, error) {
	select {
	case w.turn <- struct{}{}:
		defer func() { <-w.turn }()
	case <-ctx.Done():
		return nil, fmt.Errorf("read which workers live: %w", context.Cause(ctx))
	}
	if !w.asked.IsZero() && time.Since(w.asked) < workersLife {
		return slices.Clone(w.found), nil
	}
	now := time.Now()
	written, err := w.read(ctx)
	if err != nil {
		return nil, fmt.Errorf("read which workers live: %w", err)
	}
	found, err := processes(slices.Collect(maps.Values(written)), w.namespace)
	if err != nil {
		return nil, err
	}
	w.asked, w.names, w.found = now, slices.Collect(maps.Keys(written)), found
	return slices.Clone(found), nil
}

// Older returns those of the workers that are older than this version.
func (w *Workers) Older(ctx context.Context) ([]Worker, error) {
	all, err := w.List(ctx)
	return slices.DeleteFunc(all, func(w Worker) bool { return !w.Older() }), err
}

// read returns what each server that lives has written, by its name. Names that were
// there before are asked for again: an Inspector whose clock is ahead of the server's
// drops the name of one that lives, until that writes it again.
func (w *Workers) read(ctx context.Context) (map[string]string, error) {
	since := strconv.FormatInt(time.Now().Add(-clocksApart).Unix(), 10)
	names, err := w.client.ZRangeByScore(ctx, servers, &redis.ZRangeBy{Min: since, Max: "+inf"}).Result()
	if err != nil {
		return nil, err
	}
	replies := make(map[string]*redis.StringCmd)
	err = pipelined(ctx, w.client, func(p redis.Pipeliner) {
		for _, name := range append(names, w.names...) {
			if replies[name] == nil && strings.HasPrefix(name, serverPrefix) {
				replies[name] = p.Get(ctx, name)
			}
		}
	})
	written := make(map[string]string)
	for name, reply := range replies {
		if reply.Err() == nil {
			written[name] = reply.Val()
		}
	}
	return written, err
}

// processes returns the processes of those servers that serve queues of a namespace. A
// process may have several.
func processes(written []string, namespace string) ([]Worker, error) {
	type process struct {
		host string
		pid  int
	}
	found := make(map[process]Worker)
	for _, text := range written {
		s, err := parseServer(text)
		if errors.Is(err, errUnread) {
			continue
		} else if err != nil {
			return nil, err
		}
		queues, protocol := s.ours(namespace)
		if len(queues) == 0 {
			continue
		}
		of, state := process{s.Host, s.PID}, s.state()
		if known, again := found[of]; again {
			queues, protocol = append(queues, known.Queues...), min(protocol, known.Protocol)
			state = min(state, known.State)
		}
		slices.Sort(queues)
		found[of] = Worker{Host: s.Host, PID: s.PID, Protocol: protocol, Queues: slices.Compact(queues), State: state}
	}
	byName := func(a, b Worker) int { return cmp.Or(strings.Compare(a.Host, b.Host), a.PID-b.PID) }
	return slices.SortedFunc(maps.Values(found), byName), nil
}
