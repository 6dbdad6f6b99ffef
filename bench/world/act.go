package world

import (
	"slices"
	"time"
)

// happen plays a fault in its window, or what people do in it, and returns when both are over.
//
// Before a loss, what Redis will come back with is taken a second ahead of the window, so that
// it confirms things that it then forgets. A loss whose window begins within the first second of
// the run is a plain restart, which loses nothing.
func (w *world) happen(f Fault) {
	if slices.Contains(deeds, f.Kind) {
		w.interfere(f)
		return
	}
	switch before := f.From - lostSpan; {
	case f.Kind == RedisLoses && before >= 0:
		time.Sleep(before)
		past, since := w.lastSecond(f)
		w.begin(f)
		// Redis is down from here on, and no client is connected: it can be emptied and filled.
		w.redis.restore(past)
		knew := w.living()
		// The deferred part runs once Redis is back. A worker that lived through the loss notices it
		// by its heartbeat; if none did, the revocations of that second are forgotten for good.
		defer func() {
			if !slices.ContainsFunc(knew, func(p *process) bool { return p.host.lives() }) {
				w.forgetAll(since)
			}
			w.askLost(w.proof.Forget(since))
			w.pauseLost()
		}()
	default:
		time.Sleep(f.From)
		w.begin(f)
	}
	time.Sleep(time.Until(w.began.Add(f.To)))
	w.end(f)
}

// lastSecond returns what Redis held a second ago, and when that was. It waits for a second with
// a DELETE on a gateway without lookups: only such a DELETE, once Redis has forgotten it, can be
// repeated or reported wrongly, while a lookup shows any other. After a minute without one, or at
// the end of the fault's window, it takes the second that has just passed.
func (w *world) lastSecond(f Fault) (past []any, since time.Time) {
	for range 60 {
		before := w.unshownDeletes()
		past, since = w.redis.snapshot(), time.Now()
		time.Sleep(lostSpan)
		if w.unshownDeletes() > before || time.Since(w.began)+lostSpan > f.To {
			break
		}
	}
	return past, since
}

// unshownDeletes returns how many DELETEs have arrived for receipts on gateways without lookups.
func (w *world) unshownDeletes() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.unshown
}

// living returns the workers that live. Each remembers the greatest count of its heartbeats that
// Redis has confirmed, and so notices that Redis has a smaller one (tasks/outcome/beat_count.lua).
func (w *world) living() []*process {
	w.mu.Lock()
	workers := slices.Clone(w.workers)
	w.mu.Unlock() // a host that is asked whether it lives may be asking what becomes of its next command
	return slices.DeleteFunc(workers, func(p *process) bool { return !p.host.lives() })
}

// forgetAll notes the receipts that were revoked since the time to which Redis went back, where no
// worker is left that could notice it. A dead letter of one of them, on a gateway without lookups,
// is the one contradiction that the checks allow: [receiptrevoker/bench/internal/proof.History].
func (w *world) forgetAll(since time.Time) {
	for truth := range w.portone.Truths() {
		// PortOne tells the time by its own clock, since is by that of the bubble.
		if at := truth.RevokedAt.Add(-w.scenario.PortOneSkew); truth.Revoked() && !at.Before(since) {
			w.note(truth.ImpUID, producerName, "Redis has lost what became of it, and every worker died that knew")
			w.proof.Note(func() { w.proof.Unnoticed[truth.ImpUID] = true })
		}
	}
}

// begin begins a fault. Several of one kind may be active at a time: their rates together are in
// force, and what has no rate ends with the last of them.
func (w *world) begin(f Fault) {
	w.mu.Lock()
	w.active = append(w.active, f)
	w.disturb(f)
	w.result.Faults++
	w.mu.Unlock()
	switch rule, isRule := f.rule(); {
	case isRule:
		w.portone.Inject(rule)
	case f.Kind == Kill:
		// The process that is killed is the one that lives now, also if it is frozen.
		p := w.worker(f.Worker)
		p.host.dieAfter(f.After, func() { w.kill(p) })
	case f.Kind == Freeze:
		w.worker(f.Worker).host.freeze()
	case f.Kind == Stop:
		w.worker(f.Worker).host.stopAtAttempt(true)
	case f.Kind == Pause:
		w.pause(f.PG)
	default:
		w.apply(f)
	}
}

// disturb notes the time if a fault that begins or ends disturbs, for [world.calmSince]. The
// caller holds w.mu.
func (w *world) disturb(f Fault) {
	if f.disturbs() {
		w.disturbed = time.Now()
	}
}

// end ends a fault. Where another one of the kind still concerns the same worker or gateway, that
// stays killed, frozen or paused.
func (w *world) end(f Fault) {
	w.mu.Lock()
	// Faults that are equal in every field are interchangeable: one of them ends.
	i := slices.Index(w.active, f)
	w.active = slices.Delete(slices.Clone(w.active), i, i+1)
	w.disturb(f)
	w.mu.Unlock()
	switch rule, isRule := f.rule(); {
	case isRule:
		w.portone.Lift(rule)
	case f.Kind == Kill:
		w.kill(w.worker(f.Worker)) // it may not have sent enough
		if !w.happens(func(g Fault) bool { return g.Kind == Kill && g.Worker == f.Worker }) {
			w.startWorker(f.Worker)
		}
	case f.Kind == Freeze || f.Kind == Stop:
		if !w.happens(func(g Fault) bool { return (g.Kind == Freeze || g.Kind == Stop) && g.Worker == f.Worker }) {
			// A worker that began no attempt in the window has not stopped yet, and must not later.
			w.worker(f.Worker).host.stopAtAttempt(false)
			w.worker(f.Worker).host.thaw()
		}
	case f.Kind == Pause:
		if !w.pausedNow(f.PG) {
			w.resume(f.PG)
		}
	default:
		w.apply(f)
	}
}

// apply brings in force what all active faults of f's kind come to. It is called as a fault begins
// and as it ends, and sets the sum each time: adding and subtracting rates would not get back to 0.
func (w *world) apply(f Fault) {
	switch f.Kind {
	case Outage:
		w.portone.SetOutage(f.PG, w.happens(func(g Fault) bool { return g.Kind == Outage && g.PG == f.PG }))
	case PortOneDown:
		w.portone.setDown(w.happens(func(g Fault) bool { return g.Kind == PortOneDown }))
	case RedisDown, RedisLoses:
		w.redis.setDown(w.happens(func(g Fault) bool { return g.Kind == RedisDown || g.Kind == RedisLoses }))
	case RedisFull, ReadOnly:
		w.redis.setRefusals(w.rate(RedisFull), w.rate(ReadOnly))
	case CutBefore, CutAfter:
		// Read first, since rate locks w.mu too.
		before, after := w.rate(CutBefore), w.rate(CutAfter)
		w.mu.Lock()
		defer w.mu.Unlock()
		w.cutBefore, w.cutAfter = before, after
	}
}

// rate returns the rate of all active faults of a kind together, as if each decided by itself:
// two of 0.5 come to 0.75, and none to 0.
func (w *world) rate(kind Kind) float64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	spared := 1.0
	for _, f := range w.active {
		if f.Kind == kind {
			spared *= 1 - f.Rate
		}
	}
	return 1 - spared
}

// worker returns the latest life of the worker with a number, alive or dead.
func (w *world) worker(number int) *process {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.workers[number]
}
