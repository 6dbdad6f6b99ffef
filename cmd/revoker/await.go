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

// awaiting waits for the outcomes of single requests, for enqueue --wait. It reads each outcome,
// which a list of a million lines cannot afford: batchWatch waits for a list by its counts.
type awaiting struct {
	screen
	queue     *enqueue.Client
	namespace string      // of the queues, by whose names their pauses are found
	still     *standstill // tells, once a second, how many workers are running and what pauses queues
	// flags are those of the command line that find Redis, each after a blank. They are repeated in
	// the command that looks again: without --namespace, status would not know the request.
	flags string

	outcomes *outcome.Store
	missing  map[string]bool // imp_uids of which the last look at Redis found neither request nor outcome
	lost     lostError       // imp_uids that two looks in a row did not find: they are not waited for
}

// newAwaiting returns an awaiting that writes to out, standard error, why outcomes do not come yet.
// The outcomes themselves go to the function that each is given.
func newAwaiting(out io.Writer, client redis.UniversalClient, queue *enqueue.Client, namespace string) *awaiting {
	a := &awaiting{
		screen: newScreen(out), queue: queue, namespace: namespace,
		outcomes: outcome.NewStore(client, outcome.Config{Namespace: namespace}),
	}
	a.still = newStandstill(client, namespace, a.say)
	return a
}

// each waits for the outcomes of requests, calls show with each as soon as it has ended, and says
// why others have not. An outage of Redis does not end it: the standstill tells people of one.
//
// The error is errUnfinished if Ctrl-C stopped the waiting, a lostError once nothing else is waited
// for and Redis has lost a request, what show returned, an [*outcome.CorruptError], or an error of
// Redis that no waiting mends, such as a right that is missing. Whatever ends the waiting, the
// other requests stay, and each says which command shows them.
func (a *awaiting) each(ctx context.Context, asked []outcome.Outcome, show func(outcome.Outcome) error) error {
	for len(asked) > 0 {
		var err error
		asked, err = a.round(ctx, asked, show)
		// A request that Redis has lost gets no outcome: without this look the waiting would never end.
		if err == nil && ctx.Err() == nil {
			asked, err = a.dropLost(ctx, asked)
		}
		// Ctrl-C ends a round early and without an error.
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

// round waits for a second at most and returns the requests that have no outcome yet. The limit is
// for the looks between two rounds, at what Redis has lost and at what pauses queues, which
// [enqueue.Client.WaitMany] does not take.
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
			continue // Redis is away or reads its files (LOADING): the next round reads again
		}
		// An imp_uid that was given twice has two entries and is yielded once: both end here.
		asked = slices.DeleteFunc(asked, func(other outcome.Outcome) bool { return other.ImpUID == o.ImpUID })
		if err := show(o); err != nil {
			return asked, err
		}
	}
	return asked, nil
}

// sayRequested says which command looks again at what was requested and has not ended, in words
// that can be copied to a shell: all imp_uids, and the flags that find Redis. The text of why
// comes before it.
func (a *awaiting) sayRequested(why string, asked []outcome.Outcome) {
	switch names := strings.Join(impUIDs(asked), " "); len(asked) {
	case 0:
	case 1:
		a.say("%s%s stays requested, and 'revoker status %[2]s%s' tells how far it has come", why, names, a.flags)
	default:
		a.say("%s%d stay requested, and 'revoker status %s%s' tells how far they have come", why, len(asked), names, a.flags)
	}
}

// sayUnasked says, where an error has ended the requesting, what is requested and what has to be
// requested again: rest, which begins with the imp_uid that failed. To give that one again is safe
// although its request may have been recorded: requesting twice is requesting once. Where it is the
// last one, the command's error is about it, and sayUnasked adds nothing.
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

// tell says how many workers are running, and what pauses the queues of the receipts, once a second
// at most. What was said a second before is not said again. A pause that holds 50 receipts makes
// one line, "imp_…: waits for the gate of kcp, closed since …; the same holds 49 more": a person's
// reason may be long, and 50 lines of it would hide the rest.
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
	for cause, others := range more {
		causes[cause] += fmt.Sprintf("; the same holds %d more", others)
	}
	a.still.tell(causes)
}

// lostError names the imp_uids whose requests Redis has lost. Its exit code is 1, not 3: no worker
// knows of these receipts, so that they are revoked only if they are requested again.
type lostError []string

func (e lostError) Error() string {
	if len(e) == 1 {
		return e[0] + " is not requested any more: Redis has lost it; ask for it again"
	}
	return fmt.Sprintf("%d imp_uids are not requested any more: Redis has lost them; ask for them again: %s",
		len(e), strings.Join(e, " "))
}

// err returns the error, or nil if it names no imp_uid: an error that holds a nil lostError would
// not be nil.
func (e lostError) err() error {
	if len(e) == 0 {
		return nil
	}
	return e
}

// dropLost returns the requests without those that Redis has lost, as by FLUSHALL, a failover or a
// restored backup. A request is recorded before it is waited for, so one is lost if two looks in a
// row have found neither a request nor an outcome of its imp_uid. While others are waited for, the
// lost ones are named at once; the error comes when none is left, and names all of them.
func (a *awaiting) dropLost(ctx context.Context, asked []outcome.Outcome) ([]outcome.Outcome, error) {
	known, err := a.outcomes.Many(ctx, impUIDs(asked))
	// A Redis that does not answer has not lost anything yet; the standstill tells of it.
	if err != nil {
		return asked, nil
	}
	var lost lostError
	missing := make(map[string]bool)
	// An empty status means that Redis keeps nothing of the imp_uid: a request alone is queued.
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
