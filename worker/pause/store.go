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
	"slices"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
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

func (s *Store) pauses() asynqkeys.Pauses { return asynqkeys.Pauses{Redis: s.client} }

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
	queues = slices.Compact(queues)
	marks, err := s.pauses().Marks(ctx, queues)
	return slices.DeleteFunc(pausesOf(queues, marks), func(p Pause) bool {
		_, found := slices.BinarySearch(exist, p.Queue)
		return !p.Paused && !found
	}), err
}

// pausesOf returns what pauses queues with these marks.
func pausesOf(queues []string, marks []asynqkeys.Mark) []Pause {
	pauses := make([]Pause, len(marks))
	for i, mark := range marks {
		pauses[i] = readMark(queues[i], mark)
	}
	return pauses
}

// Swap replaces what was seen of a queue, paused or not, by a pause with a mark, or
// lifts its pause if the mark is empty. It reports false if something else pauses the
// queue by now, or nothing.
func (s *Store) Swap(ctx context.Context, seen Pause, mark string) (bool, error) {
	return s.pauses().Swap(ctx, seen.Queue, seen.Mark, mark)
}
