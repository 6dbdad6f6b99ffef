// Package slots bounds how many calls a process makes at a time for each gateway: a bulkhead, so that a
// gateway that hangs takes up no slot of another. A single request passes those of a list.
package slots

import (
	"context"
	"slices"
	"sync"

	"receiptrevoker/tasks"
)

// Slots are those of all gateways. Its methods are safe for concurrent use.
type Slots struct {
	each int // how many every gateway has

	mu       sync.Mutex
	gateways map[tasks.Gateway]*gateway
}

// New returns so many slots for each gateway.
func New(each int) *Slots { return &Slots{each: each, gateways: make(map[tasks.Gateway]*gateway)} }

// gateway is who has a slot, and who waits for one.
type gateway struct {
	taken  int
	single []chan struct{} // closed to give a slot; the one that waits longest comes first
	bulk   []chan struct{} // the same for lists, behind all that are single
}

// Enter waits for a slot for a task of a queue, until ctx is done, and reports whether it had to wait. The caller
// gives the slot back with leave, which may be called more than once. A queue that is none of this project's has
// the slots of no gateway.
func (s *Slots) Enter(ctx context.Context, queue string) (leave func(), waited bool, err error) {
	q, _ := tasks.ParseQueue(queue)
	granted := s.enter(q)
	if granted != nil {
		select {
		case <-granted:
		case <-ctx.Done():
			if !s.giveUp(q, granted) {
				s.leave(q.PG) // the slot was given at the same moment
			}
			return nil, true, context.Cause(ctx)
		}
	}
	return sync.OnceFunc(func() { s.leave(q.PG) }), granted != nil, nil
}

// enter takes a slot and returns nil, or joins those that wait and returns what is closed once it has one.
func (s *Slots) enter(q tasks.Queue) (granted chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.gateways[q.PG]
	if g == nil {
		g = &gateway{}
		s.gateways[q.PG] = g
	}
	if g.taken < s.each {
		g.taken++
		return nil
	}
	granted = make(chan struct{})
	line := g.line(q.Bulk)
	*line = append(*line, granted)
	return granted
}

// line returns those that wait, of lists or single ones.
func (g *gateway) line(bulk bool) *[]chan struct{} {
	if bulk {
		return &g.bulk
	}
	return &g.single
}

// giveUp takes one that waits out of its line, and reports false if it has got a slot.
func (s *Slots) giveUp(q tasks.Queue, granted chan struct{}) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	line := s.gateways[q.PG].line(q.Bulk)
	i := slices.Index(*line, granted)
	if i < 0 {
		return false
	}
	*line = slices.Delete(*line, i, i+1)
	return true
}

// leave gives a slot to the next that waits, or back.
func (s *Slots) leave(pg tasks.Gateway) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.gateways[pg]
	for _, line := range []*[]chan struct{}{&g.single, &g.bulk} {
		if len(*line) > 0 {
			close((*line)[0])
			*line = (*line)[1:]
			return
		}
	}
	g.taken--
}
