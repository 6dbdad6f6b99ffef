package world

import (
	"slices"
	"time"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// during notes a DELETE that arrived in an outage, and when as many receipts as close the gate were
// called. A gate counts receipts, not calls: a second DELETE of the same receipt adds nothing. The
// caller holds w.mu.
func (w *world) during(f Fault, p payment) {
	o := w.inOutage[f]
	if o == nil {
		o = &outage{failed: make(map[string]bool)}
		w.inOutage[f] = o
	}
	o.calls++
	if p.nature == ordinary && p.role != reissued && p.PG == f.PG { // a lookup would show others as revoked
		o.failed[p.ImpUID] = true
	}
	if o.held.IsZero() && len(o.failed) == gateReceipts {
		o.held = time.Now()
	}
}

// checkOutages fails where a gateway that was down was called too often. The bound is wide: of 20
// receipts and an outage of an hour, 80 + 60 + 720 = 860 calls.
func (w *world) checkOutages() {
	for f, o := range w.inOutage {
		ordinary := 0
		for _, p := range w.payments {
			if p.receipt.PG == f.PG {
				ordinary++
			}
		}
		// Every receipt may fail before the gate closes and twice by what follows; then a
		// probe is made every second, and less and less often, up to every ten seconds. It calls
		// for two receipts where the first is a single request and a list waits, too.
		bound := 4*ordinary + 60 + 2*int((f.To-f.From)/(10*time.Second))
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

// mistaken reports whether a producer takes a receipt of another gateway for one of this gateway.
// Its DELETE then passes this gate and succeeds on the other gateway, which opens the gate although
// the outage lasts: nothing can be said of the attempts that it costs.
func (w *world) mistaken(pg tasks.Gateway) bool {
	return slices.ContainsFunc(w.payments, func(p payment) bool { return p.PG == pg && p.receipt.PG != pg })
}

// checkAttempts fails where an outage has cost a receipt attempts although a gate should
// have held it back. That is known where the outage is the gateway's only one, no other fault
// would open or close gates, and no producer was mistaken about the gateway. One seed of eight has
// outages alone, for this check. The attempts are those of the outcome, in which a worker does not
// count what the closed gate has held back; allowed are three, and one for every DELETE before the
// gate had closed or after the outage.
func (w *world) checkAttempts(o outcome.Outcome) {
	p := w.paymentOf(o.ImpUID)
	if p.nature != ordinary || p.PG != p.receipt.PG || w.proof.Touched[o.ImpUID] || !w.proof.Reissued[o.ImpUID].IsZero() {
		return
	}
	if !w.scenario.outagesAlone() {
		return
	}
	var down []Fault
	for _, f := range w.scenario.Faults {
		if f.Kind == Outage && f.PG == p.receipt.PG && !w.mistaken(f.PG) {
			down = append(down, f)
		}
	}
	if len(down) != 1 || w.inOutage[down[0]] == nil || w.inOutage[down[0]].held.IsZero() {
		return
	}
	from, to := w.inOutage[down[0]].held.Add(closing), w.began.Add(down[0].To)
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
