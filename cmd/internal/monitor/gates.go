package monitor

import (
	"context"
	"slices"
	"strings"

	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/pause"
)

// Gates tells how the gates stand, and what pauses queues; a [gate.Store] does.
type Gates interface {
	Poll(ctx context.Context) (gate.Snapshot, error)
	Pauses(ctx context.Context) ([]pause.Pause, error)
}

// gatesSeen is what they told at one moment.
type gatesSeen struct {
	gate.Snapshot
	all []pause.Pause // of the queues that exist or are paused
}

// stop is what a person paused at once.
type stop struct {
	pause.Pause
	Queues []string
}

// fewQueues is how many queues of a stop are named.
const fewQueues = 4

// Names returns the names of the queues, nothing if they are many.
func (s stop) Names() string {
	if len(s.Queues) > fewQueues {
		return ""
	}
	return strings.Join(s.Queues, ", ")
}

// Stops returns what people have paused, each with who did it, when and why.
func (g *gatesSeen) Stops() (stops []stop) {
	for _, p := range g.all {
		if !p.ByPerson() {
			continue
		}
		i := slices.IndexFunc(stops, func(s stop) bool { return s.SameCause(p) })
		if i < 0 {
			i, stops = len(stops), append(stops, stop{Pause: p})
		}
		stops[i].Queues = append(stops[i].Queues, p.Queue)
	}
	return stops
}

// pauses returns the key of the word for the person or the gate that pauses a queue, empty for none.
func (g *gatesSeen) pauses(q asynqkeys.Queue) string {
	var p pause.Pause
	if g != nil {
		p, _ = pause.Of(q.Name, g.all)
	}
	switch {
	case p.ByPerson():
		return "by person"
	case gate.Name(p.Gate) == gate.PortOne:
		return "by portone"
	case q.Paused:
		return "by gate"
	}
	return ""
}

// holds returns what holds the open lines of a batch.
func (g *gatesSeen) holds(b outcome.Batch) []pause.Hold {
	if g == nil || !b.CancelledAt.IsZero() { // what is cancelled ends whatever is paused
		return nil
	}
	return pause.Holds(b.OpenOf(), g.all)
}

// PortOne is the gate before all gateways.
func (g *gatesSeen) PortOne() gate.State { return g.Gates[gate.PortOne] }

func readGates(ctx context.Context, gates Gates) (*gatesSeen, error) {
	seen, err := gates.Poll(ctx)
	if err != nil {
		return nil, err
	}
	pauses, err := gates.Pauses(ctx)
	if err != nil {
		return nil, err
	}
	return &gatesSeen{Snapshot: seen, all: pauses}, nil
}
