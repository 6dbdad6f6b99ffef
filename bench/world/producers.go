package world

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"receiptrevoker/bench/internal/proof"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// soon is how soon a producer or a person tries again whom Redis did not answer.
const soon = time.Second

// repeated is how many lines at the end of every list repeat its first ones.
const repeated = 1

// produce requests every payment at its time, and every list at a time that the seed decides, each
// in a goroutine that acting waits for. A payment of a list is requested alone only at its repeat.
func (w *world) produce(acting *sync.WaitGroup) {
	for _, p := range w.payments {
		w.wanted[p.ImpUID] = p.Revocation
		if p.list == "" {
			acting.Go(func() { w.askAt(p.at, p.Revocation) })
		}
		if p.repeat > 0 {
			acting.Go(func() { w.askAt(p.repeat, p.Revocation) })
		}
	}
	for name, revocations := range w.lists {
		at := time.Duration(w.scenario.random("list", name).Int64N(int64(w.scenario.Span)))
		acting.Go(func() {
			time.Sleep(at)
			w.askList(name, revocations)
		})
	}
}

// askAt requests a receipt at a time since the start.
func (w *world) askAt(at time.Duration, r tasks.Revocation) {
	time.Sleep(at)
	w.ask(r)
}

// ask requests a receipt until Redis has answered, as README asks of order services. A call that
// failed is noted too: the request may have been recorded, and only its answer was lost.
func (w *world) ask(r tasks.Revocation) {
	for {
		began := time.Now()
		w.lookout.wants(r.ImpUID)
		result, err := w.producer.Revoke(w.ctx, r)
		isNew := err == nil && !result.Duplicate
		w.proof.Ask(r.ImpUID, proof.Asking{Began: began, Accepted: err == nil, New: isNew})
		w.note(r.ImpUID, producerName, fmt.Sprintf("asks: new %t, error %v", isNew, err))
		if err == nil {
			return
		}
		time.Sleep(soon)
	}
}

// askList requests a list until it was read to its end, or it was cancelled. The same list continues
// under its name where an earlier call stopped. That the batch is said to be of another list is a
// failure of the run, and no repetition would mend it.
func (w *world) askList(name string, revocations []tasks.Revocation) {
	batch, err := w.producer.Batch(name, enqueue.BatchOptions{})
	if err != nil {
		w.fail("", "list %s: %v", name, err)
		return
	}
	for {
		err := w.askListOnce(batch, name, revocations)
		if err == nil || errors.Is(err, outcome.ErrCancelled) {
			return
		}
		var mismatch *enqueue.MismatchError
		if errors.As(err, &mismatch) {
			w.fail("", "list %s: %v", name, err)
			return
		}
		time.Sleep(soon)
	}
}

// askListOnce requests a list once, and notes of each line what is known: a line that was answered
// is accepted, and any other may have been recorded, since answers come for chunks of lines.
func (w *world) askListOnce(batch *enqueue.Batch, name string, revocations []tasks.Revocation) error {
	lines := func(yield func(enqueue.Line) bool) {
		for i, r := range slices.Concat(revocations, revocations[:repeated]) {
			if !yield(enqueue.Line{Number: i + 1, ImpUID: r.ImpUID, PG: r.PG, ApplyNum: r.ApplyNum}) {
				return
			}
		}
	}
	// Before any line is sent: a worker may call for one before its answer is here.
	answered, began := make(map[string]bool), time.Now()
	for _, r := range revocations {
		w.lookout.wants(r.ImpUID)
	}
	defer func() {
		for _, r := range revocations {
			if !answered[r.ImpUID] {
				w.proof.Ask(r.ImpUID, proof.Asking{Batch: name})
			}
		}
	}()
	for result, err := range batch.Ask(w.ctx, lines) {
		if err != nil {
			return err
		}
		// A line that an earlier call had recorded was counted then, if its answer came; it is no
		// new request.
		w.note(result.ImpUID, producerName, fmt.Sprintf("asks in %s: kind %c, before %t", name, result.Kind, result.Before))
		if answered[result.ImpUID] {
			continue // the line that repeats an earlier one
		}
		answered[result.ImpUID] = true
		isNew := result.Kind == outcome.KindQueued && !result.Before
		w.proof.Ask(result.ImpUID, proof.Asking{Batch: name, Began: began, Accepted: true, New: isNew})
	}
	return nil
}

// askLost requests once more what Redis may have lost, as REFERENCE.md, "When Redis loses data",
// asks people to: single receipts again, and lists under the same name, which requests only what is
// missing. Otherwise the checks would count the request as one that the product has lost.
func (w *world) askLost(impUIDs []string) {
	again := make(map[string]bool)
	for _, impUID := range impUIDs {
		w.note(impUID, producerName, "Redis may have lost the request")
		for name, revocations := range w.lists {
			if slices.ContainsFunc(revocations, func(r tasks.Revocation) bool { return r.ImpUID == impUID }) {
				again[name] = true
			}
		}
		w.mu.Lock()
		r := w.wanted[impUID]
		w.mu.Unlock()
		w.ask(r)
	}
	for name := range again {
		w.askList(name, w.lists[name])
	}
}
