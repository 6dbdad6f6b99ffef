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

// pauses returns what pauses queues, a Retry-After of any length included. If Redis refuses to be
// read, the command says why and continues as if nothing were paused: how far a receipt has come
// is worth showing without what holds it.
func (p *program) pauses(ctx context.Context) []pause.Pause {
	pauses, err := p.gates.Holds(ctx, 0)
	if err != nil {
		p.complain(ctx, "revoker: it is not known what is held", err)
		return nil
	}
	return pauses
}

// workers returns the workers that live. It is nil if Redis refuses to be read, which the command
// says, and empty if no worker runs: [waitsOn] says "no worker is running" only of the second.
func (p *program) workers(ctx context.Context) []asynqkeys.Worker {
	workers, err := asynqkeys.NewWorkers(p.client, p.redis.Namespace).List(ctx)
	if err != nil {
		p.complain(ctx, "revoker: it is not known which workers are running", err)
		return nil
	}
	return append([]asynqkeys.Worker{}, workers...) // not nil if no worker runs
}

// hold returns which gates and persons hold the open lines of a batch, and writes into b.Held how
// many lines they hold: [outcome.Batch.Left] leaves those out of the time that is left.
//
// The lines of a cancelled batch end as withdrawn, whatever is paused. Of them only those are held
// that another request asks for too, which [countWanted] has counted before.
func hold(b *outcome.Batch, pauses []pause.Pause) []pause.Hold {
	open := b.OpenOf()
	if !b.CancelledAt.IsZero() {
		open = b.Wanted
	}
	holds := pause.Holds(open, pauses)
	// b.Wanted may be older than b.Open, and lines have ended since. Not more can be held than are open.
	b.Held = min(pause.Held(holds), b.Open)
	return holds
}

// countWanted writes into a batch that was cancelled how many of its open lines workers call all the
// same, since another request asks for them. It reads everything that is open, about four seconds
// for a million requests, so it leaves out batches for which the answer is known to be none.
func countWanted(ctx context.Context, store *outcome.Store, b *outcome.Batch) error {
	if b.CancelledAt.IsZero() || b.Open == 0 {
		return nil
	}
	return store.CountWanted(ctx, b)
}

// gateName returns how people call a gate. It names a gateway by the code that --pg, queues, metrics
// and log lines have for it.
func gateName(name string) string {
	switch gate.Name(name) {
	case gate.PortOne:
		return "PortOne's gate"
	case gate.Unknown:
		return "the gate of tasks without a gateway"
	}
	return "the gate of " + name
}

// held says which gate or person has paused a queue, and since when; or until when PortOne wants no
// calls. It continues a sentence such as "2 lines wait for" or "its queue is paused".
func held(p pause.Pause) string {
	switch {
	case !p.Until.IsZero():
		// First, since a Retry-After has no gate either, and would be told as a person's pause.
		return "PortOne, which wants no calls until " + moment(p.Until) + " (Retry-After)"
	case p.Gate == "":
		return byPerson(p)
	case p.Since.IsZero():
		// The mark in Redis has no time that can be read; see [pause.Pause].
		return gateName(p.Gate)
	}
	return gateName(p.Gate) + ", closed since " + moment(p.Since)
}

// causeOf names what holds a queue, as the key by which [standstill.tell] knows what it has said.
// PortOne prolongs its wait with each 429. The text of [held] changes with it and would be said
// again and again; this key stays the same.
func causeOf(p pause.Pause) string {
	if !p.Until.IsZero() {
		return "Retry-After"
	}
	return held(p)
}

// by returns the text of [held] behind a verb, as in "stays paused, by the gate of kcp". The text of
// a person's pause begins with "by" already.
func by(p pause.Pause) string {
	if p.Gate == "" && p.Until.IsZero() {
		return held(p)
	}
	return "by " + held(p)
}

// nextProbe says when a probe next tries a closed gate, and nothing where that is not known. A probe
// needs a request that waits: behind a gate of which all requests are cancelled none is made.
func nextProbe(of gate.Name, gates gate.Snapshot) string {
	at := gates.Gates[of].NextProbe
	switch {
	case of != gate.PortOne && gates.Gates[gate.PortOne].Closed:
		// While PortOne's gate is closed, workers probe PortOne alone, and the gateway's own time
		// may pass without a probe.
		return "next probe after PortOne's gate"
	case at.IsZero():
		return ""
	case at.Before(gates.Now):
		// Both times are by Redis' clock. That of this machine may differ.
		return "its next probe is due"
	}
	return "next probe at " + moment(at) + ", if a request waits"
}

// heldQueue returns what pauses the queue of an outcome that has not ended. It returns false if
// nothing does, and for what has ended or is cancelled.
func heldQueue(o outcome.Outcome, namespace string, pauses []pause.Pause) (pause.Pause, bool) {
	queue, open := openQueue(o, namespace)
	if !open {
		return pause.Pause{}, false
	}
	return pause.Of(queue, pauses)
}

// openQueue returns the queue of an outcome that has not ended. It returns false if the outcome has
// ended, or is cancelled: a cancelled request ends in a paused queue too.
func openQueue(o outcome.Outcome, namespace string) (string, bool) {
	open := (o.Status == outcome.Queued || o.Status == outcome.Retrying) && !o.Withdrawn
	return tasks.QueueOf(tasks.Revocation{PG: o.PG, Batch: o.Batch}).In(namespace).Name(), open
}

// waitsOn says what one receipt waits for: what pauses its queue, a worker that serves the queue, or
// both, as in "waits for the gate of kcp, closed since …; no worker is running". It is empty if the
// receipt waits for neither, or has ended.
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
		// Not known, or all is well: there is nothing to say.
	case n.Serving == 0:
		// This also tells of workers that wait for PortOne, or that stop.
		all = append(all, working(n, 0))
	default:
		all = append(all, "no worker serves its queue, "+queue)
	}
	return strings.Join(all, "; ")
}

// waitsFor says what one receipt waits for. A gate and a Retry-After end by themselves, so the receipt
// waits for them; a person's pause ends only if a person resumes the queue.
func waitsFor(p pause.Pause) string {
	if p.ByPerson() {
		return "its queue is paused " + held(p)
	}
	return "waits for " + held(p)
}

// linesWait says the same as [waitsFor] of the lines of a batch, and how many they are.
func linesWait(h pause.Hold) string {
	if h.ByPerson() {
		return count(h.Lines, "line is paused ", "lines are paused ") + held(h.Pause)
	}
	return count(h.Lines, "line waits for ", "lines wait for ") + held(h.Pause)
}

// working says how many workers there are in each state, and if none serves the queues, how many
// tasks wait: "no worker is running; 49 tasks wait". The caller counts as waiting also those tasks
// that a worker had taken up before it died. While a worker serves, the number would say nothing:
// tasks wait in every queue that is worked on.
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
