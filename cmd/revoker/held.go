package main

import (
	"cmp"
	"context"
	"strings"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/pause"
)

// pauses returns what pauses queues. Where that cannot be read, which is told, nothing is
// known to be paused.
func (p *program) pauses(ctx context.Context) []pause.Pause {
	pauses, err := p.gates.Holds(ctx, 0)
	if err != nil {
		p.complain(ctx, "revoker: it is not known what is held", err)
		return nil
	}
	return pauses
}

// workers returns the workers that live, nil where that cannot be read, which is told.
func (p *program) workers(ctx context.Context) []asynqkeys.Worker {
	workers, err := asynqkeys.NewWorkers(p.client, p.redis.Namespace).List(ctx)
	if err != nil {
		p.complain(ctx, "revoker: it is not known which workers are running", err)
		return nil
	}
	return append([]asynqkeys.Worker{}, workers...) // not nil where there are none
}

// hold returns what holds the open lines of a batch, and notes in it how many they are. Lines
// that are cancelled end whatever is paused.
func hold(b *outcome.Batch, pauses []pause.Pause) []pause.Hold {
	open := b.OpenOf()
	if !b.CancelledAt.IsZero() {
		open = b.Wanted
	}
	holds := pause.Holds(open, pauses)
	b.Held = min(pause.Held(holds), b.Open)
	return holds
}

// countWanted notes in a batch that was cancelled how many of its open lines are called all the
// same.
func countWanted(ctx context.Context, store *outcome.Store, b *outcome.Batch) error {
	if b.CancelledAt.IsZero() || b.Open == 0 {
		return nil
	}
	return store.CountWanted(ctx, b)
}

// gateName says before what a gate stands.
func gateName(name string) string {
	switch gate.Name(name) {
	case gate.PortOne:
		return "PortOne's gate"
	case gate.Unknown:
		return "the gate of tasks without a gateway"
	}
	return "the gate of " + name
}

// held says which gate or person has paused a queue, and since when; or until when PortOne
// wants no calls.
func held(p pause.Pause) string {
	switch {
	case !p.Until.IsZero():
		return "PortOne, which wants no calls until " + moment(p.Until) + " (Retry-After)"
	case p.Gate == "":
		return byPerson(p)
	case p.Since.IsZero():
		return gateName(p.Gate)
	}
	return gateName(p.Gate) + ", closed since " + moment(p.Since)
}

// causeOf names what holds a queue: as held, but the same while PortOne prolongs its wait.
func causeOf(p pause.Pause) string {
	if !p.Until.IsZero() {
		return "Retry-After"
	}
	return held(p)
}

// by says the same after a verb.
func by(p pause.Pause) string {
	if p.Gate == "" && p.Until.IsZero() {
		return held(p)
	}
	return "by " + held(p)
}

// nextProbe says when a closed gate is next tried, nothing where that is not known. A
// gateway is not probed while PortOne cannot be reached.
func nextProbe(of gate.Name, gates gate.Snapshot) string {
	at := gates.Gates[of].NextProbe
	switch {
	case of != gate.PortOne && gates.Gates[gate.PortOne].Closed:
		return "next probe after PortOne's gate"
	case at.IsZero():
		return ""
	case at.Before(gates.Now):
		return "its next probe is due"
	}
	return "next probe at " + moment(at) + ", if a request waits"
}

// heldQueue returns what pauses the queue of an outcome that has not ended, and false if
// nothing does.
func heldQueue(o outcome.Outcome, namespace string, pauses []pause.Pause) (pause.Pause, bool) {
	queue, open := openQueue(o, namespace)
	if !open {
		return pause.Pause{}, false
	}
	return pause.Of(queue, pauses)
}

// openQueue returns the queue of an outcome that has not ended, and false if it has, or is
// cancelled: that ends it whatever is paused.
func openQueue(o outcome.Outcome, namespace string) (string, bool) {
	open := (o.Status == outcome.Queued || o.Status == outcome.Retrying) && !o.Withdrawn
	return tasks.QueueOf(tasks.Revocation{PG: o.PG, Batch: o.Batch}).In(namespace).Name(), open
}

// waitsOn says what one receipt waits for: what pauses its queue, and a worker that serves it;
// empty if it has ended, or waits for neither.
func waitsOn(o outcome.Outcome, namespace string, pauses []pause.Pause, workers []asynqkeys.Worker) string {
	queue, open := openQueue(o, namespace)
	if !open {
		return ""
	}
	var all []string
	if p, held := pause.Of(queue, pauses); held {
		all = append(all, waitsFor(p))
	}
	switch n := asynqkeys.CountOf(workers); {
	case workers == nil || asynqkeys.Served(workers, queue):
	case n.Serving == 0:
		all = append(all, working(n, 0))
	default:
		all = append(all, "no worker serves its queue, "+queue)
	}
	return strings.Join(all, "; ")
}

// waitsFor says what one receipt waits for.
func waitsFor(p pause.Pause) string {
	if p.ByPerson() {
		return "its queue is paused " + held(p)
	}
	return "waits for " + held(p)
}

// linesWait says how many lines of a batch wait for what.
func linesWait(h pause.Hold) string {
	if h.ByPerson() {
		return count(h.Lines, "line is paused ", "lines are paused ") + held(h.Pause)
	}
	return count(h.Lines, "line waits for ", "lines wait for ") + held(h.Pause)
}

// working says how many workers there are, and how many tasks wait where none serves them:
// all that have not ended, also those that a worker had taken up before it died.
func working(workers asynqkeys.Count, waiting int) string {
	var parts []string
	add := func(n int, one, more string) {
		if n > 0 {
			parts = append(parts, count(n, one, more))
		}
	}
	add(workers.Serving, "worker is running", "workers are running")
	add(workers.Waiting, "worker waits for PortOne (its log and /readyz say why)",
		"workers wait for PortOne (their logs and /readyz say why)")
	add(workers.Stopping, "worker is stopping", "workers are stopping")
	text := cmp.Or(strings.Join(parts, ", "), "no worker is running")
	if workers.Serving > 0 || waiting == 0 {
		return text
	}
	return text + "; " + count(waiting, "task waits", "tasks wait")
}
