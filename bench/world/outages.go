package world

import (
	"slices"
	"time"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// during notes a DELETE that arrived in an outage. The caller holds w.mu.
func (w *world) during(f Fault, p payment) {
	o := w.inOutage[f]
	if o == nil {
		o = &outage{failed: make(map[string]bool)}
		w.inOutage[f] = o
	}
	o.calls++
	// Only ordinary receipts count for a gate: a lookup after the 500 shows the others as
	// revoked.
	if p.nature == ordinary && p.role != reissued {
		o.failed[p.ImpUID] = true
	}
	// From here on the gate has seen as many failures as close it.
	if o.held.IsZero() && len(o.failed) == gateReceipts {
		o.held = time.Now()
	}
}

// checkOutages fails where a gateway that was down was called too often.
func (w *world) checkOutages() {
	for f, o := range w.inOutage {
		ordinary := 0
		for _, p := range w.payments {
			if p.receipt.PG == f.PG {
				ordinary++
			}
		}
		// Every receipt may fail before the gate closes, and twice by what follows. Then a
		// probe is made every second at first, and every ten seconds in the end. The bound is
		// generous: it is there for a gate that does not close, which costs many times that.
		bound := 4*ordinary + 60 + int((f.To-f.From)/(10*time.Second))
		if o.calls > bound {
			w.fail("", "%d DELETEs to %s while it was down, more than %d: %v", o.calls, f.PG, bound, f)
		}
	}
}

const (
	// closing is how long calls may still leave after a gate has closed.
	closing = 5 * time.Second
	// lostAttempts is how many attempts a receipt may lose besides: one to the closing of
	// the gate, and some to calls that had begun.
	lostAttempts = 3
)

// mistaken reports whether a producer takes a receipt of another gateway to be of this one. The
// DELETE of that receipt waits behind this one's gate, succeeds since its own gateway is up,
// and opens the gate.
func (w *world) mistaken(pg tasks.Gateway) bool {
	return slices.ContainsFunc(w.payments, func(p payment) bool { return p.PG == pg && p.receipt.PG != pg })
}

// checkAttempts fails where an outage has cost a receipt attempts although a gate should have
// held it back. That is known where the outage is the gateway's only one, nothing else happens
// that would open or close gates, and no producer was mistaken about the gateway.
func (w *world) checkAttempts(o outcome.Outcome) {
	p := w.paymentOf(o.ImpUID)
	if p.nature != ordinary || p.PG != p.receipt.PG || w.proof.Touched[o.ImpUID] || !w.proof.Reissued[o.ImpUID].IsZero() {
		return
	}
	var down []Fault
	for _, f := range w.scenario.Faults {
		switch {
		case f.Kind == Outage && f.PG == p.receipt.PG && !w.mistaken(f.PG):
			down = append(down, f)
		// Any other fault may open or close gates as well.
		case f.Kind != Outage && f.Kind != Pause && !slices.Contains(deeds, f.Kind):
			return
		}
	}
	if len(down) != 1 || w.inOutage[down[0]] == nil || w.inOutage[down[0]].held.IsZero() {
		return
	}
	// Calls that had passed the gate before it closed may still arrive for a while.
	from, to := w.inOutage[down[0]].held.Add(closing), w.began.Add(down[0].To)
	// DELETEs before the gate closed, and after the outage, are attempts like any other.
	allowed := lostAttempts
	for _, at := range w.proof.Deletes[o.ImpUID] {
		if at.Before(from) || at.After(to) {
			allowed++
		}
	}
	if o.Attempts > allowed {
		w.fail(o.ImpUID, "it lost %d attempts, more than %d, to an outage that closes the gate: %v",
			o.Attempts, allowed, down[0])
	}
}
