package worker

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/gate"
)

// mostProbed is how many receipts a probe tries that turn out to say nothing
// about the gateway.
const mostProbed = 5

// probeBegins bounds how long a probe tries to begin an attempt.
const probeBegins = 5 * time.Second

// prober finds out whether a gateway is back, with receipts that its gate holds
// back. Their tasks stay where they are: one that is delivered after its receipt
// was revoked finds it done.
type prober struct {
	handler   *handler
	redis     redis.UniversalClient
	inspector *asynq.Inspector
}

// Probe implements [gate.Prober]. Where all receipts that wait are done with and none
// has told anything, there is nothing to keep away from the gateway. Where Redis does
// not say what waits, nothing is known.
func (p *prober) Probe(ctx context.Context, name gate.Name, queues []string) gate.Probed {
	if name == gate.PortOne {
		if err := p.handler.api.Authenticate(ctx); err != nil {
			return gate.Probed{Evidence: gate.Failed}
		}
	}
	waiting, err := p.waiting(ctx, name, queues)
	if err != nil {
		return p.unknown(name, err)
	}
	found := gate.Probed{Idle: len(queues) > 0 && len(waiting) <= mostProbed}
	for _, receipt := range waiting[:min(len(waiting), mostProbed)] {
		said, fate := p.try(tasks.ContextWithTrace(ctx, receipt.headers), name, receipt.Revocation)
		switch {
		case said != gate.Silent:
			return gate.Probed{Evidence: said}
		case fate == noUse:
			return gate.Probed{}
		case fate == inUse:
			found.Idle = false
		}
	}
	return found
}

// unknown says that a probe came to nothing.
func (p *prober) unknown(name gate.Name, err error) gate.Probed {
	p.handler.complaints.add(slog.LevelWarn, "probe", "no probe made, trying again", "gate", string(name), "error", err)
	return gate.Probed{}
}

// fate is what became of a receipt that told nothing about the gateway.
type fate int

const (
	doneWith fate = iota // it needs no more calls
	inUse                // it goes on, or another attempt on it is running
	noUse                // no receipt would tell anything now
)

// try makes a normal attempt on a receipt, past the gate, and returns what it
// says about the gate, or what became of it if that is nothing.
func (p *prober) try(ctx context.Context, name gate.Name, r tasks.Revocation) (gate.Evidence, fate) {
	call, err := p.handler.gates.EnterProbe(ctx, r.PG)
	if err != nil {
		return gate.Silent, noUse
	}
	attempt, err := p.begin(ctx, r)
	var terminal *outcome.TerminalError
	var busy *outcome.BusyError
	switch {
	case errors.As(err, &terminal):
		return gate.Silent, doneWith
	case errors.As(err, &busy):
		return gate.Silent, inUse
	case err != nil:
		return gate.Silent, noUse
	}
	found, _ := p.handler.carryOut(ctx, attempt, call) // the error is for Asynq

	ended := noUse
	if found.status.Terminal() {
		ended = doneWith
	}
	if name == gate.PortOne {
		if ended == noUse {
			ended = inUse // its gateway told nothing about PortOne: another may
		}
		return call.Said().PortOne, ended
	}
	return call.Said().Gateway, ended
}

// begin begins an attempt, unless Redis does not answer for a while: a gate is
// not kept closed by that.
func (p *prober) begin(ctx context.Context, r tasks.Revocation) (begun, error) {
	ctx, cancel := context.WithTimeout(ctx, probeBegins)
	defer cancel()
	return p.handler.begin(ctx, r)
}
