// Package pause knows what pauses queues, and whose pause it is: a gate's, or a
// person's.
//
// Asynq knows only that a queue is paused. Who paused it decides who may resume it: a
// gate resumes what gates have paused, and a person's pause stays until a person lifts
// it. A queue need not exist to be paused, so that maintenance can be announced before
// the first request.
package pause

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
)

var (
	//go:embed swap.lua
	swapSource string
	//go:embed person.lua
	personSource string

	swapScript   = redis.NewScript(swapSource)
	personScript = redis.NewScript(personSource)
)

// Store reads and changes what pauses the queues of a namespace. It stands where Asynq
// looks for it; see [Pause].
type Store struct {
	client    redis.UniversalClient
	namespace string
}

// NewStore returns a store on client, which the caller closes. The namespace is that of
// the outcomes; empty is its default.
func NewStore(client redis.UniversalClient, namespace string) *Store {
	return &Store{client: client, namespace: cmp.Or(namespace, tasks.DefaultNamespace)}
}

// All returns the queues of the namespace that exist or are paused, by name, and what
// pauses them.
func (s *Store) All(ctx context.Context) ([]Pause, error) {
	exist, err := asynqkeys.Ours(ctx, s.client, s.namespace)
	if err != nil {
		return nil, err
	}
	queues := slices.Clone(exist)
	for _, q := range tasks.Queues(s.namespace) {
		queues = append(queues, q.Name())
	}
	slices.Sort(queues)
	pauses, err := s.marks(ctx, slices.Compact(queues))
	return slices.DeleteFunc(pauses, func(p Pause) bool {
		_, found := slices.BinarySearch(exist, p.Queue)
		return !p.Paused && !found
	}), err
}

// marks returns what pauses queues, in their order.
func (s *Store) marks(ctx context.Context, queues []string) ([]Pause, error) {
	marks := make([]*redis.StringCmd, len(queues))
	_, _ = s.client.Pipelined(ctx, func(p redis.Pipeliner) error { // each has its own error
		for i, queue := range queues {
			marks[i] = p.Get(ctx, pausedKey(queue))
		}
		return nil
	})
	pauses := make([]Pause, len(queues))
	for i, queue := range queues {
		switch mark, err := marks[i].Result(); {
		case errors.Is(err, redis.Nil):
			pauses[i] = Pause{Queue: queue}
		case err != nil && redis.HasErrorPrefix(err, "WRONGTYPE"): // Asynq obeys that it exists
			pauses[i] = Pause{Queue: queue, Paused: true}
		case err != nil:
			return nil, fmt.Errorf("read what pauses %s: %w", queue, err)
		default:
			pauses[i] = readMark(queue, mark)
		}
	}
	return pauses, nil
}

// Swap replaces what was seen of a queue, paused or not, by a pause with a mark, or
// lifts its pause if the mark is empty. It reports false if something else pauses the
// queue by now, or nothing.
func (s *Store) Swap(ctx context.Context, seen Pause, mark string) (bool, error) {
	done, err := swapScript.Run(ctx, s.client, []string{pausedKey(seen.Queue)}, seen.Mark, mark).Bool()
	if err != nil {
		return false, fmt.Errorf("change what pauses %s: %w", seen.Queue, err)
	}
	return done, nil
}
