package monitor

import (
	"context"

	"receiptrevoker/worker/gate"
)

// Gates tells how the gates stand, and what pauses queues; a [gate.Store] does.
type Gates interface {
	Poll(ctx context.Context) (gate.Snapshot, error)
	Pauses(ctx context.Context) ([]gate.Pause, error)
}

// gatesSeen is what they told at one moment.
type gatesSeen struct {
	gate.Snapshot
	byPerson []string // queues that a person has paused
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
	read := &gatesSeen{Snapshot: seen}
	for _, pause := range pauses {
		if pause.Paused && pause.Gate == "" {
			read.byPerson = append(read.byPerson, pause.Queue)
		}
	}
	return read, nil
}
