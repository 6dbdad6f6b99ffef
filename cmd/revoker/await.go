package main

import (
	"context"
	"io"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/enqueue"
	"receiptrevoker/tasks/outcome"
)

// awaiting waits for the outcomes of single requests.
type awaiting struct {
	screen
	queue     *enqueue.Client
	namespace string
	still     *standstill
	flags     string // that find Redis, to look again
}

func newAwaiting(out io.Writer, client redis.UniversalClient, queue *enqueue.Client, namespace string) *awaiting {
	a := &awaiting{screen: newScreen(out), queue: queue, namespace: namespace}
	a.still = newStandstill(client, namespace, a.say)
	return a
}

// until waits for the outcome of a request and says, once it does not come, why. Others are
// those that are requested after it. The error is errUnfinished if the waiting was stopped.
func (a *awaiting) until(ctx context.Context, asked outcome.Outcome, others []string) (outcome.Outcome, error) {
	for {
		look, cancel := context.WithTimeout(ctx, standstillEvery)
		o, err := a.queue.Wait(look, asked.ImpUID)
		passed := look.Err() != nil
		cancel()
		switch {
		case err == nil || !passed:
			return o, err
		case ctx.Err() != nil:
			a.say("stopped waiting; %s stays requested, and 'revoker status %[1]s%s' tells how far it has come", asked.ImpUID, a.flags)
			if len(others) > 0 {
				a.say("%s after it: not requested", plural(len(others), "imp_uid"))
			}
			return o, errUnfinished
		}
		a.tell(ctx, asked)
	}
}

// tell says how many workers are running, and what holds the receipt.
func (a *awaiting) tell(ctx context.Context, asked outcome.Outcome) {
	pauses, looked := a.still.look(ctx, 1)
	if !looked {
		return
	}
	causes := make(map[string]string)
	if p, holds := heldQueue(asked, a.namespace, pauses); holds {
		causes[held(p)] = asked.ImpUID + ": " + waitsFor(p)
	}
	a.still.tell(causes)
}
