package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/enqueue"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/redisfault"
)

// awaiting waits for the outcomes of single requests.
type awaiting struct {
	screen
	queue     *enqueue.Client
	namespace string
	still     *standstill
	flags     string // that find Redis, to look again

	outcomes *outcome.Store
	missing  map[string]bool // requests that the last look did not find
	lost     lostError       // those that are not waited for any longer
}

func newAwaiting(out io.Writer, client redis.UniversalClient, queue *enqueue.Client, namespace string) *awaiting {
	a := &awaiting{
		screen: newScreen(out), queue: queue, namespace: namespace,
		outcomes: outcome.NewStore(client, outcome.Config{Namespace: namespace}),
	}
	a.still = newStandstill(client, namespace, a.say)
	return a
}

// each waits for the outcomes of requests, shows each as it comes, and says why others do not.
// It outlasts an outage of Redis, which the look at what is waited for tells of. The error is
// errUnfinished if the waiting was stopped, and a lostError if Redis has lost a request;
// whatever ends it, the rest stays requested, which is said.
func (a *awaiting) each(ctx context.Context, asked []outcome.Outcome, show func(outcome.Outcome) error) error {
	for len(asked) > 0 {
		var err error
		asked, err = a.round(ctx, asked, show)
		if err == nil && ctx.Err() == nil {
			asked, err = a.dropLost(ctx, asked)
		}
		if err == nil && ctx.Err() != nil {
			err = errUnfinished
		}
		if err != nil {
			a.erase()
			a.sayRequested("stopped waiting; ", asked)
			return err
		}
		a.tell(ctx, asked)
	}
	return a.lost.err()
}

// round waits for a moment and returns the requests that have no outcome yet.
func (a *awaiting) round(
	ctx context.Context, asked []outcome.Outcome, show func(outcome.Outcome) error,
) ([]outcome.Outcome, error) {
	look, cancel := context.WithTimeout(ctx, standstillEvery)
	defer cancel()
	for o, err := range a.queue.WaitMany(look, impUIDs(asked)) {
		var corrupt *outcome.CorruptError
		switch {
		case errors.As(err, &corrupt), redisfault.Permanent(err):
			return asked, err
		case err != nil:
			continue // it is waited on
		}
		asked = slices.DeleteFunc(asked, func(other outcome.Outcome) bool { return other.ImpUID == o.ImpUID })
		if err := show(o); err != nil {
			return asked, err
		}
	}
	return asked, nil
}

// sayRequested says how to look again at what has been requested and has not ended.
func (a *awaiting) sayRequested(why string, asked []outcome.Outcome) {
	switch names := strings.Join(impUIDs(asked), " "); len(asked) {
	case 0:
	case 1:
		a.say("%s%s stays requested, and 'revoker status %[2]s%s' tells how far it has come", why, names, a.flags)
	default:
		a.say("%s%d stay requested, and 'revoker status %s%s' tells how far they have come", why, len(asked), names, a.flags)
	}
}

// sayUnasked says, where an error has ended the requesting, what is requested and what has
// to be requested again.
func (a *awaiting) sayUnasked(asked []outcome.Outcome, rest []string) {
	a.sayRequested("", asked)
	if len(rest) > 1 {
		a.say("%s from %s on: give them again, which asks for nothing twice", plural(len(rest), "imp_uid"), rest[0])
	}
}

func impUIDs(of []outcome.Outcome) (names []string) {
	for _, o := range of {
		names = append(names, o.ImpUID)
	}
	return names
}

// tell says how many workers are running, and what holds the receipts.
func (a *awaiting) tell(ctx context.Context, asked []outcome.Outcome) {
	pauses, looked := a.still.look(ctx, len(asked))
	if !looked {
		return
	}
	causes, more := make(map[string]string), make(map[string]int)
	for _, o := range asked {
		p, holds := heldQueue(o, a.namespace, pauses)
		switch of := causeOf(p); {
		case !holds:
		case causes[of] == "":
			causes[of] = o.ImpUID + ": " + waitsFor(p)
		default:
			more[of]++
		}
	}
	for cause, others := range more { // a long reason stands there once
		causes[cause] += fmt.Sprintf("; the same holds %d more", others)
	}
	a.still.tell(causes)
}

// lostError names requests that Redis has lost.
type lostError []string

func (e lostError) Error() string {
	if len(e) == 1 {
		return e[0] + " is not requested any more: Redis has lost it; ask for it again"
	}
	return fmt.Sprintf("%d imp_uids are not requested any more: Redis has lost them; ask for them again: %s",
		len(e), strings.Join(e, " "))
}

// err returns the error, nil if it names none.
func (e lostError) err() error {
	if len(e) == 0 {
		return nil
	}
	return e
}

// dropLost returns the requests without those that Redis has lost, as by FLUSHALL, a failover
// or a restored backup: they were recorded before they are waited for, and two looks in a row
// have found nothing of them. Those are told, or are the error once no other is waited for.
func (a *awaiting) dropLost(ctx context.Context, asked []outcome.Outcome) ([]outcome.Outcome, error) {
	known, err := a.outcomes.Many(ctx, impUIDs(asked))
	if err != nil { // which the look at what is waited for tells of
		return asked, nil
	}
	var lost lostError
	missing := make(map[string]bool)
	for _, o := range known {
		if o.Status == "" && a.missing[o.ImpUID] {
			lost = append(lost, o.ImpUID)
		} else if o.Status == "" {
			missing[o.ImpUID] = true
		}
	}
	a.missing, a.lost = missing, append(a.lost, lost...)
	asked = slices.DeleteFunc(asked, func(o outcome.Outcome) bool { return slices.Contains(lost, o.ImpUID) })
	switch {
	case len(asked) == 0:
		return nil, a.lost.err()
	case len(lost) > 0:
		a.erase()
		a.say("revoker: %v", lost)
	}
	return asked, nil
}
