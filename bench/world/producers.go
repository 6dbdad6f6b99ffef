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

// soon is how soon a producer that Redis did not answer asks again.
const soon = time.Second

// produce starts producers that ask for every payment at its time, and for every list.
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

func (w *world) askAt(at time.Duration, r tasks.Revocation) {
	time.Sleep(at)
	w.ask(r)
}

// ask asks for a receipt to be revoked, as often as it takes.
func (w *world) ask(r tasks.Revocation) {
	for {
		began := time.Now()
		// It may be recorded from here on, whether or not an answer comes.
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

// askList asks for a list until it was read to its end, or it was cancelled.
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
		// Another list under the same name cannot be: the list is always the same. So such an
		// error is a fault of the product.
		var mismatch *enqueue.MismatchError
		if errors.As(err, &mismatch) {
			w.fail("", "list %s: %v", name, err)
			return
		}
		time.Sleep(soon)
	}
}

// askListOnce asks for the list from its beginning once. Lines without an answer are noted as
// well, since they may be recorded.
func (w *world) askListOnce(batch *enqueue.Batch, name string, revocations []tasks.Revocation) error {
	lines := func(yield func(enqueue.Line) bool) {
		for i, r := range revocations {
			if !yield(enqueue.Line{Number: i + 1, ImpUID: r.ImpUID, PG: r.PG, ApplyNum: r.ApplyNum}) {
				return
			}
		}
	}
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
		answered[result.ImpUID] = true
		isNew := result.Kind == outcome.KindQueued && !result.Before
		w.proof.Ask(result.ImpUID, proof.Asking{Batch: name, Began: began, Accepted: true, New: isNew})
		w.note(result.ImpUID, producerName, fmt.Sprintf("asks in %s: kind %c, before %t", name, result.Kind, result.Before))
	}
	return nil
}

// askLost asks again for what Redis has lost, as README tells producers to. A list is given
// again as a whole: what is missing of it the batch knows.
func (w *world) askLost(impUIDs []string) {
	again := make(map[string]bool)
	for _, impUID := range impUIDs {
		w.note(impUID, producerName, "Redis may have lost the request")
		// A list that has lost lines is given again as a whole, once, after the single requests.
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
