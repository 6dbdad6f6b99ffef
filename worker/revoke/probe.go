package revoke

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/gate"
)

const (
	// mostProbed is how many receipts a probe tries that turn out to say nothing about the gateway,
	// such as some that have ended.
	mostProbed = 5
	// sampled is how many receipts the first probe after a closing tries, if all fail, and
	// sampledAtOnce how many at a time. Those that closed the gate stood side by side in a list, and
	// may fail for a reason of their own: where 5 % of a list can succeed, one of 85 from all over it
	// does with a probability of 99 % (1 − 0.95^85). They begin within sampledWithin.
	sampled       = 85
	sampledAtOnce = 10              // half of the slots that one worker has by default
	sampledWithin = 3 * time.Second // after which the ordinary probes follow
)

// probeBegins bounds how long a probe tries to begin an attempt while Redis does not answer.
const probeBegins = 5 * time.Second

// Prober finds out whether a gateway is back, with receipts that its gate holds back. Their tasks stay
// where they are: one that is delivered after its receipt was revoked finds it done, and while the gate
// stays closed a later probe deletes it.
type Prober struct {
	Handler   *Handler
	Redis     redis.UniversalClient
	Inspector *asynq.Inspector
	// FirstAfter is how long after a closing the first probe is due.
	FirstAfter time.Duration
}

// Probe implements [gate.Prober]. Where no receipt waits, or Redis does not say what waits, nothing is
// known, but of PortOne whether it gives a token.
func (p *Prober) Probe(ctx context.Context, name gate.Name, queues []string) gate.Evidence {
	// Without a token no receipt can be called: to ask for one is the cheapest probe of PortOne's gate.
	if name == gate.PortOne {
		if err := p.Handler.API.Authenticate(ctx); err != nil {
			return gate.Failed
		}
	}
	waiting, err := p.waiting(ctx, name, queues)
	if err != nil {
		return p.unknown(name, err)
	}
	if name == gate.PortOne && len(waiting) == 0 {
		// PortOne gives a token, so that an idle worker is ready again. The next call tells the rest.
		return gate.Answered
	}
	if p.first(name) {
		if said := p.sample(ctx, name, waiting); said != gate.Silent {
			return said
		}
	}
	for i, receipt := range waiting[:min(len(waiting), mostProbed)] {
		said, next := p.try(ctx, name, receipt)
		switch {
		case said >= gate.Failed && i == 0 && !receipt.bulk && len(waiting) > 1 && waiting[1].bulk:
			// A single receipt may fail for a reason of its own. As it is the first of every probe, it
			// would keep the gate closed: one of a batch is tried as well.
			continue
		case said != gate.Silent:
			return said
		case !next:
			return gate.Silent
		}
	}
	return gate.Silent
}

// first reports whether a gateway's gate has closed and was not probed since. Redis keeps when the next
// probe is due: after the first one that is later than FirstAfter.
func (p *Prober) first(name gate.Name) bool {
	state := p.Handler.Gates.States()[name]
	return name != gate.PortOne && state.NextProbe.Sub(state.Since) <= p.FirstAfter
}

// sample tries receipts from all over what waits, many at a time, until one tells that the gateway is
// not down. It returns that evidence, [gate.Failed] if all that tell anything fail, and [gate.Silent]
// if none does.
func (p *Prober) sample(ctx context.Context, name gate.Name, waiting []candidate) gate.Evidence {
	var lock sync.Mutex
	var works, fails gate.Evidence
	stands := func() gate.Evidence {
		lock.Lock()
		defer lock.Unlock()
		return works
	}
	var all errgroup.Group
	all.SetLimit(sampledAtOnce)
	until := time.Now().Add(sampledWithin)
	for _, receipt := range waiting[:min(len(waiting), sampled)] {
		if stands() != gate.Silent || time.Now().After(until) {
			break
		}
		all.Go(func() error {
			said, _ := p.try(ctx, name, receipt)
			lock.Lock()
			defer lock.Unlock()
			if said >= gate.Failed {
				fails = said
			} else {
				works = max(works, said)
			}
			return nil
		})
	}
	// None of the functions returns an error.
	_ = all.Wait()
	return cmp.Or(works, fails)
}

// unknown logs that a probe could not be made, and returns that nothing is known: what waits must never
// be taken for nothing because Redis did not answer.
func (p *Prober) unknown(name gate.Name, err error) gate.Evidence {
	p.Handler.Complaints.Add(slog.LevelWarn, "probe", "no probe made, trying again", "gate", string(name), "error", err)
	return gate.Silent
}

// try makes a normal attempt on a receipt, past the gate, and returns what it says about the gate, and
// if that is nothing whether another receipt may tell.
func (p *Prober) try(ctx context.Context, name gate.Name, receipt candidate) (said gate.Evidence, next bool) {
	ctx = tasks.ContextWithTrace(ctx, receipt.headers)
	call, err := p.Handler.Gates.EnterProbe(ctx, receipt.PG, receipt.queue)
	if err != nil {
		return gate.Silent, false
	}
	attempt, err := p.begin(ctx, receipt.Revocation)
	var terminal *outcome.TerminalError
	var busy *outcome.BusyError
	switch {
	case errors.As(err, &terminal), errors.As(err, &busy):
		return gate.Silent, true
	case err != nil:
		return gate.Silent, false
	}
	// The error is for Asynq, which has not delivered this task.
	found, _ := p.Handler.carryOut(ctx, attempt, func(ctx context.Context) finding {
		return p.Handler.attempt(ctx, attempt.Attempt, call)
	})

	if name == gate.PortOne {
		// A call whose gateway told nothing about PortOne leaves the question open: another receipt may
		// tell.
		return call.Said().PortOne, true
	}
	// PortOne may turn this receipt alone away.
	alone := found.reason == outcome.ReasonUnauthorized
	return call.Said().Gateway, alone || found.status.Terminal() || errors.Is(found.err, errMisplaced)
}

// begin begins an attempt, unless Redis does not answer for a while: a gate is not kept closed by that.
func (p *Prober) begin(ctx context.Context, r tasks.Revocation) (begun, error) {
	ctx, release := until(ctx, p.Handler.Stopping)
	defer release()
	ctx, cancel := context.WithTimeout(ctx, probeBegins)
	defer cancel()
	return p.Handler.begin(ctx, r)
}
