package main

import (
	"context"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/monitor"
)

// gates returns what the web site shows of the gates.
func gates(client redis.UniversalClient, namespace string) func(context.Context) (monitor.Gates, error) {
	store := gate.NewStore(client, namespace)
	return func(ctx context.Context) (monitor.Gates, error) {
		seen, err := store.Poll(ctx)
		if err != nil {
			return monitor.Gates{}, err
		}
		pauses, err := store.Pauses(ctx)
		if err != nil {
			return monitor.Gates{}, err
		}
		shown := monitor.Gates{Held: seen.Hold, Gateways: make(map[tasks.Gateway]monitor.Gate)}
		for name, state := range seen.Gates {
			switch name {
			case gate.PortOne:
				shown.PortOne = shownGate(state)
			case gate.Unknown:
				shown.Gateways[""] = shownGate(state)
			default:
				shown.Gateways[tasks.Gateway(name)] = shownGate(state)
			}
		}
		for _, pause := range pauses {
			if pause.Paused && pause.Gate == "" {
				shown.ByPerson = append(shown.ByPerson, pause.Queue)
			}
		}
		return shown, nil
	}
}

func shownGate(state gate.State) monitor.Gate {
	if !state.Closed {
		return monitor.Gate{Since: state.OpenedAt}
	}
	return monitor.Gate{Closed: true, Reason: state.Reason, Since: state.Since, NextProbe: state.NextProbe}
}
