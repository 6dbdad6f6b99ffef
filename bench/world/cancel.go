package world

import (
	"errors"
	"fmt"
	"iter"
	"time"

	"receiptrevoker/bench/internal/proof"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// cancelList cancels a list, which may not have been asked for yet.
func (w *world) cancelList(name string, revocations []tasks.Revocation) {
	batch, err := w.producer.Batch(name, enqueue.BatchOptions{})
	if err != nil {
		w.fail("", "list %s: %v", name, err)
		return
	}
	w.mu.Lock()
	w.cancelledLists[name] = true
	w.mu.Unlock()
	impUIDs := make([]string, len(revocations))
	for i, r := range revocations {
		impUIDs[i] = r.ImpUID
	}
	w.cancel(name, impUIDs, batch.Cancel(w.ctx, false, nil))
}

// cancel cancels until there is an answer, and notes the effect on each request. A call whose
// answer was lost may have taken effect: what the answer of a later call does not name may have
// been cancelled by that one.
func (w *world) cancel(list string, impUIDs []string, all iter.Seq2[enqueue.Cancelled, error]) {
	began := time.Now()
	// From the first call on, withdrawn is an explanation for these outcomes, whether or not an
	// answer comes.
	w.proof.Note(func() {
		for _, impUID := range impUIDs {
			w.proof.Touched[impUID] = true
		}
	})
	for lost := false; ; {
		err := w.cancelOnce(list, began, all)
		if err == nil {
			if lost {
				w.proof.Untold(list, began, impUIDs)
			}
			return
		}
		wait := soon
		if errors.Is(err, outcome.ErrNoBatch) {
			wait = 10 * soon // until it is asked for
		} else {
			lost = true
		}
		time.Sleep(wait)
	}
}

// cancelOnce notes the effect of one call on each request. began is when the first call was
// made.
func (w *world) cancelOnce(list string, began time.Time, all iter.Seq2[enqueue.Cancelled, error]) error {
	for c, err := range all {
		if err != nil {
			return err
		}
		w.note(c.ImpUID, personName, fmt.Sprintf("cancels %s: %s", list, c.Withdrawal))
		w.proof.Note(func() {
			w.proof.Cancelled[c.ImpUID] = append(w.proof.Cancelled[c.ImpUID], proof.Cancellation{
				Batch: list, Began: began, Returned: time.Now(), Withdrawal: c.Withdrawal,
			})
		})
	}
	return nil
}
