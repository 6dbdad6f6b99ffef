package world

import (
	"slices"
	"time"
)

// happen plays a fault in its window, and what people do in it. It returns once the window is
// over.
func (w *world) happen(f Fault) {
	if slices.Contains(deeds, f.Kind) {
		w.interfere(f)
		return
	}
	// A Redis that loses data comes back with what it held a second before: so the window of
	// this fault begins with a snapshot, lostSpan ahead of it. One that would begin earlier
	// than that only is away.
	switch before := f.From - lostSpan; {
	case f.Kind == RedisLoses && before >= 0:
		time.Sleep(before)
		past, since := w.lastSecond(f)
		w.begin(f)
		w.redis.restore(past)
		// Whether any worker of this moment lives until Redis is back decides what may follow:
		// only one that has seen a count can notice that Redis holds a smaller one.
		knew := w.living()
		defer func() {
			if !slices.ContainsFunc(knew, func(p *process) bool { return p.host.lives() }) {
				w.forgetAll(since)
			}
			// Producers and people repeat what they did in the second that was lost, as README
			// tells them to.
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

// lastSecond returns what Redis held a second ago, and when that was. It chooses a second with
// a DELETE of which no lookup tells, since a loss of anything else says little, and waits a
// minute for one at most, or until the window is over.
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

// unshownDeletes returns how many DELETEs have arrived so far on gateways without a lookup.
func (w *world) unshownDeletes() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.unshown
}

// living returns the workers that live, and so know what Redis has confirmed to them.
func (w *world) living() []*process {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(w.workers), func(p *process) bool { return !p.host.lives() })
}

// forgetAll notes what was revoked since a time that Redis has lost: no worker is left that
// could tell Redis that it lost something. The times of PortOne's truth are by PortOne's clock,
// which is skewed.
func (w *world) forgetAll(since time.Time) {
	for truth := range w.portone.Truths() {
		if at := truth.RevokedAt.Add(-w.scenario.PortOneSkew); truth.Revoked() && !at.Before(since) {
			w.note(truth.ImpUID, producerName, "Redis has lost what became of it, and every worker died that knew")
			w.proof.Note(func() { w.proof.Unnoticed[truth.ImpUID] = true })
		}
	}
}

// begin begins a fault. Several of one kind may happen at a time: the effect of all of them
// together is in force.
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
		p := w.worker(f.Worker)
		// The worker dies in the middle of what it is doing, and not at the moment when the window
		// begins.
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

// disturb notes when a fault begins or ends that disturbs. The caller holds w.mu.
func (w *world) disturb(f Fault) {
	if f.disturbs() {
		w.disturbed = time.Now()
	}
}

// end ends a fault. One that another active fault of its kind prolongs continues to have its
// effect.
func (w *world) end(f Fault) {
	w.mu.Lock()
	i := slices.Index(w.active, f)
	w.active = slices.Delete(slices.Clone(w.active), i, i+1)
	w.disturb(f)
	w.mu.Unlock()
	switch rule, isRule := f.rule(); {
	case isRule:
		w.portone.Lift(rule)
	case f.Kind == Kill:
		// A process dies after a number of commands, and may not have sent that many by the end
		// of the window.
		w.kill(w.worker(f.Worker))
		// Where another kill of the same worker is under way, the end of that one starts the worker
		// again.
		if !w.happens(func(g Fault) bool { return g.Kind == Kill && g.Worker == f.Worker }) {
			w.startWorker(f.Worker)
		}
	case f.Kind == Freeze || f.Kind == Stop:
		if !w.happens(func(g Fault) bool { return (g.Kind == Freeze || g.Kind == Stop) && g.Worker == f.Worker }) {
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

// apply brings in force what all active faults of f's kind amount to.
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
		before, after := w.rate(CutBefore), w.rate(CutAfter)
		w.mu.Lock()
		defer w.mu.Unlock()
		w.cutBefore, w.cutAfter = before, after
	}
}

// rate returns the rate of all active faults of a kind together: two of 0.5 hit three in four.
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

// worker returns the life that the worker with a number leads now.
func (w *world) worker(number int) *process {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.workers[number]
}
