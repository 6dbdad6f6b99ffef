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

// Gates tells how the gates are, and what pauses queues; a [gate.Store] does. Tests have
// one of which all is known.
type Gates interface {
	Poll(ctx context.Context) (gate.Snapshot, error)
	Pauses(ctx context.Context) ([]pause.Pause, error)
}

// gatesSeen is what the gates and queues told at one moment. Its methods pauses and holds
// also work on nil, which knows of no gate and no pause.
type gatesSeen struct {
	gate.Snapshot
	// all are the queues that exist or are paused, each with what pauses it. It also has
	// queues that no task has used yet: a person's pause marks them beforehand.
	all []pause.Pause
}

// stop is what a person paused at once, such as both queues of a gateway, or all queues by
// 'queue pause --all'. The page shows it in one line.
type stop struct {
	pause.Pause
	Queues []string
}

// fewQueues is how many queues of a stop are named: both of two gateways. Of more the page
// says only how many, which fits in a line.
const fewQueues = 4

// Names returns the names of the queues, nothing if they are more than [fewQueues].
func (s stop) Names() string {
	if len(s.Queues) > fewQueues {
		return ""
	}
	return strings.Join(s.Queues, ", ")
}

// Stops returns what people have paused, each with who did it, when and why. Gates' own
// pauses are left out: the cards of the gateways show them.
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

// pauses returns the key of the word for the person or the gate that pauses a queue, empty
// for none. A person's pause goes first, since a gate's opening does not end it.
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
	// What is left is a gateway's own gate. Without a reading of the gates this is said of
	// a person's pause, too.
	case q.Paused:
		return "by gate"
	}
	return ""
}

// holds returns what holds the open lines of a batch, nil without gates.
func (g *gatesSeen) holds(b outcome.Batch) []pause.Hold {
	// What is cancelled ends by itself, whatever is paused.
	if g == nil || !b.CancelledAt.IsZero() {
		return nil
	}
	return pause.Holds(b.OpenOf(), g.all)
}

// PortOne is the gate before all gateways. While it is closed nothing is called, whatever
// the others say.
func (g *gatesSeen) PortOne() gate.State { return g.Gates[gate.PortOne] }

// readGates reads gates and pauses in two round trips, the second of which may know of a
// pause that the first does not.
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
