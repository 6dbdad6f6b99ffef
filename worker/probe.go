package worker

import (
	"context"
	"errors"

	"github.com/hibiken/asynq"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/gate"
)

// mostProbed is how many receipts a probe tries that turn out to say nothing
// about the gateway.
const mostProbed = 5

// prober finds out whether a gateway is back, with receipts that its gate holds
// back. Their tasks stay where they are: one that is delivered after its receipt
// was revoked finds it done.
type prober struct {
	handler   *handler
	inspector *asynq.Inspector
}

// Probe implements [gate.Prober]. Where all receipts that it comes upon are done
// with and none has told anything, there is nothing to keep away from the
// gateway.
func (p *prober) Probe(ctx context.Context, name gate.Name, queues, tried []string) gate.Probed {
	if name == gate.PortOne {
		if err := p.handler.api.Authenticate(ctx); err != nil {
			return gate.Probed{Evidence: gate.Failed}
		}
	}
	held, err := p.held(name, queues)
	if err != nil {
		return gate.Probed{}
	}
	found := gate.Probed{Idle: true}
	for range mostProbed {
		receipt, ok := held.pick(tried)
		if !ok {
			break
		}
		said, fate := p.try(tasks.ContextWithTrace(ctx, receipt.headers), name, receipt.Revocation)
		switch {
		case said > gate.Refused:
			return gate.Probed{ImpUID: receipt.ImpUID, Evidence: said}
		case fate == turnedAway:
			return gate.Probed{}
		case fate == inUse:
			found.Idle = false
		}
	}
	return found
}

// fate is what became of a receipt that told nothing about the gateway.
type fate int

const (
	doneWith   fate = iota // it needs no more calls
	inUse                  // somebody else is at it, or was when he died
	turnedAway             // no receipt would tell anything now
)

// try makes a normal attempt on a receipt, past the gate, and returns what it
// says about the gate, or what became of it if that is nothing.
func (p *prober) try(ctx context.Context, name gate.Name, r tasks.Revocation) (gate.Evidence, fate) {
	call, err := p.handler.gates.EnterProbe(ctx, r.PG)
	if err != nil {
		return gate.Silent, turnedAway
	}
	defer call.Leave()
	attempt, err := p.handler.begin(ctx, r)
	var terminal *outcome.TerminalError
	var busy *outcome.BusyError
	switch {
	case errors.As(err, &terminal):
		return gate.Silent, doneWith
	case errors.As(err, &busy):
		return gate.Silent, inUse
	case err != nil:
		return gate.Silent, turnedAway
	}
	found, _ := p.handler.carryOut(ctx, attempt, call) // the error is for Asynq

	ended := turnedAway
	if found.status.Terminal() {
		ended = doneWith
	}
	if name == gate.PortOne {
		return call.Said().PortOne, ended
	}
	return call.Said().Gateway, ended
}
