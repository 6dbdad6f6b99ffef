package world

import (
	"cmp"
	"context"
	"time"

	"receiptrevoker/tasks/outcome"
)

// recovery is how long after the last fault everything must have ended: a gate that
// nothing opens, since all that is left fails, is waived after its patience, and then every
// attempt is used up. The rest is for a DELETE that PortOne may be at work on, ten times
// the timeout, and the lease of a task whose worker died.
func (s Scenario) recovery() time.Duration {
	patience := cmp.Or(s.Patience, 12*time.Hour)
	return patience + time.Duration(s.Attempts)*s.MaxDelay + 30*time.Minute
}

// awaitEnd waits until every request has ended, but no longer than the faults explain.
func (w *world) awaitEnd(store *outcome.Store) {
	deadline := time.Now().Add(w.scenario.recovery())
	for time.Now().Before(deadline) {
		all, err := store.Many(w.ctx, w.impUIDs())
		open := err != nil
		for _, o := range all {
			open = open || !o.Status.Terminal()
		}
		if !open {
			return
		}
		time.Sleep(5 * time.Second)
	}
}

func (w *world) impUIDs() []string {
	var all []string
	for number := range w.scenario.Receipts {
		all = append(all, w.scenario.revocation(number).ImpUID)
	}
	return all
}

// check compares what Redis says of each request with what PortOne knows.
func (w *world) check(store *outcome.Store) {
	all, err := store.Many(w.reading(), w.impUIDs())
	if err != nil {
		w.fail("", "outcomes not read: %v", err)
		return
	}
	events := w.events(store)
	dead := w.deadLetters(store)
	for _, o := range all {
		w.checkOutcome(o)
		if ended := events[o.ImpUID]; o.Status.Terminal() && (len(ended) == 0 || ended[len(ended)-1] != o.Status) {
			w.fail(o.ImpUID, "the outcome is %s, and the stream says %v", o.Status, ended)
		}
		if dead[o.ImpUID] != (o.Status == outcome.Dead) {
			w.fail(o.ImpUID, "the outcome is %s, and on the list of dead letters: %t", o.Status, dead[o.ImpUID])
		}
	}
}

// checkOutcome holds an outcome against PortOne's truth.
func (w *world) checkOutcome(o outcome.Outcome) {
	truth, _ := w.portone.Truth(o.ImpUID)
	switch {
	case !o.Status.Terminal():
		w.fail(o.ImpUID, "%v after the last fault the request is still %q", w.scenario.recovery(), o.Status)
	case o.Status == outcome.Revoked && !truth.Revoked():
		w.fail(o.ImpUID, "the outcome is revoked, and the receipt is not")
	case o.Status == outcome.Dead && truth.Revoked() && !(o.Reason == outcome.ReasonUnconfirmed && !o.PG.LooksUp()):
		w.fail(o.ImpUID, "the outcome is dead, %s, and the receipt is revoked", o.Reason)
	case o.Status == outcome.Dead && !truth.Revoked() && !w.mayDie(o):
		w.fail(o.ImpUID, "the outcome is dead, %s, and the receipt could be revoked", o.Reason)
	case truth.Effective > 1:
		w.fail(o.ImpUID, "%d DELETEs took effect", truth.Effective)
	}
}

// mayDie reports whether a fault explains why a receipt that could be revoked was given up:
// no answer that a seed chooses refuses it for good, but attempts may be used up.
func (w *world) mayDie(o outcome.Outcome) bool {
	return o.Reason == outcome.ReasonAttemptsExhausted && o.Attempts >= w.scenario.Attempts ||
		o.Reason == outcome.ReasonUnconfirmed && !o.PG.LooksUp()
}

func (w *world) events(store *outcome.Store) map[string][]outcome.Status {
	all := make(map[string][]outcome.Status)
	for e, err := range store.Events(w.reading(), "0") {
		if err != nil {
			w.fail(e.Outcome.ImpUID, "the stream is not read: %v", err)
			break
		}
		all[e.Outcome.ImpUID] = append(all[e.Outcome.ImpUID], e.Outcome.Status)
	}
	return all
}

func (w *world) deadLetters(store *outcome.Store) map[string]bool {
	all := make(map[string]bool)
	for page, err := range store.DeadSince(w.reading(), time.Time{}) {
		if err != nil {
			w.fail("", "dead letters not read: %v", err)
		}
		for _, impUID := range page {
			all[impUID] = true
		}
	}
	return all
}

// reading returns a context for what is read when the workers have ended.
func (w *world) reading() context.Context { return context.WithoutCancel(w.ctx) }
