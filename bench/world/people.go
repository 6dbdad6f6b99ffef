package world

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/hibiken/asynq"

	"receiptrevoker/bench/internal/proof"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/deadletter"
	"receiptrevoker/tasks/outcome"
)

// interfere plays people who do what a fault says to its rate of the payments or lists, each at
// a time of its own within the window. It returns when all are done.
func (w *world) interfere(f Fault) {
	var acting sync.WaitGroup
	at := func(name string) (time.Duration, bool) {
		// Each payment and each list has its own time and chance for this fault.
		random := w.scenario.random(f, name)
		return f.From + time.Duration(random.Float64()*float64(f.To-f.From)), random.Float64() < f.Rate
	}
	for name, revocations := range w.lists {
		if when, struck := at(name); struck && f.Kind == CancelList {
			acting.Go(func() {
				time.Sleep(when)
				w.cancelList(name, revocations)
			})
		}
	}
	for _, p := range w.payments {
		when, struck := at(p.ImpUID)
		// Within seconds of the request, which is often before an idle worker has looked for
		// work.
		if f.Kind == CancelSoon {
			struck = struck && p.list == "" && f.From <= p.at && p.at < f.To
			when = p.at + (when-f.From)%(10*soon)
		}
		if struck && f.Kind != CancelList {
			acting.Go(func() {
				time.Sleep(when)
				w.act(f.Kind, p)
			})
		}
	}
	acting.Wait()
}

// act does something to a payment, if its role allows it. Which deed explains an outcome is
// known only if there is one.
func (w *world) act(kind Kind, p payment) {
	switch {
	case (kind == Cancel || kind == CancelSoon) && p.role == cancelled:
		w.cancel("", []string{p.ImpUID}, w.producer.Cancel(w.ctx, slices.Values([]string{p.ImpUID}), false))
	case kind == Archive && p.role == archived:
		w.proof.Note(func() { w.proof.Touched[p.ImpUID] = true })
		if w.withTask(p, "archives", w.inspector.ArchiveTask) {
			w.proof.Note(func() { w.proof.Archived[p.ImpUID] = time.Now() })
		}
	case kind == Delete && p.role == archived:
		w.askedAnyhow(p)
		w.withTask(p, "deletes", w.inspector.DeleteTask)
	case kind == RunTask && p.role == archived:
		w.askedAnyhow(p)
		w.withTask(p, "runs", w.inspector.RunTask)
	case kind == Retry || kind == Discard:
		w.treatLetter(kind, p)
	case (kind == Reissue || kind == Again) && p.role == reissued && p.repeat == 0 && p.list == "":
		w.reissue(kind, p)
	}
}

// askedAnyhow notes that a call may follow by what a person is about to do: deleting a task may
// make the sweeper enqueue it again, and running one brings its attempt forward.
func (w *world) askedAnyhow(p payment) {
	w.lookout.wants(p.ImpUID)
	w.proof.Ask(p.ImpUID, proof.Asking{})
}

// withTask does something to the task of a payment, on whichever queue it is, and reports
// whether there was one. A producer asks alone and in a list, so that a payment may have a task
// on either queue.
func (w *world) withTask(p payment, what string, do func(queue, id string) error) (done bool) {
	for _, bulk := range []bool{false, true} {
		queue := tasks.Queue{PG: p.PG, Bulk: bulk}.Name()
		err := do(queue, "revoke:"+p.ImpUID)
		w.note(p.ImpUID, personName, fmt.Sprintf("%s the task on %s: %v", what, queue, err))
		done = done || err == nil
		if err != nil && !errors.Is(err, asynq.ErrTaskNotFound) && !errors.Is(err, asynq.ErrQueueNotFound) {
			// The answer may have been lost: it may be done, or not.
			w.askedAnyhow(p)
		}
	}
	return done
}

// treatLetter retries or discards a dead letter, if there is one.
func (w *world) treatLetter(kind Kind, p payment) {
	for letter, err := range w.letters.All(w.ctx, deadletter.Filter{ImpUIDs: []string{p.ImpUID}}) {
		if err != nil {
			return
		}
		if kind == Discard {
			// It may be off the list from here on, also if no answer comes.
			w.proof.Note(func() { w.proof.Discarded[p.ImpUID] = true })
			began := time.Now()
			if _, err = w.letters.Discard(w.ctx, letter); err == nil {
				w.lookout.discards(p.ImpUID, began)
			}
		} else {
			w.askedAnyhow(p)
			began := time.Now()
			err = w.letters.Retry(w.ctx, letter)
			w.proof.Ask(p.ImpUID, proof.Asking{Began: began, Accepted: err == nil, New: err == nil, Retried: true})
		}
		w.note(p.ImpUID, personName, fmt.Sprintf("%s: %v", kind, err))
	}
}

// reissue issues another receipt after one that is revoked: one that a request names at any
// time, since no other may be revoked for it; any other one once its outcome says that it is
// revoked. In the second case the new one is asked for if kind says so.
func (w *world) reissue(kind Kind, p payment) {
	if p.ApplyNum != "" {
		w.portone.Revoke(p.ImpUID)
		w.noteReissued(p.ImpUID)
		return
	}
	known, err := w.producer.Outcome(w.ctx, p.ImpUID)
	var before bool
	w.proof.Note(func() { before = !w.proof.Reissued[p.ImpUID].IsZero() })
	if err != nil || known.Status != outcome.Revoked || before || !w.noteReissued(p.ImpUID) || kind == Reissue {
		return
	}
	w.proof.Note(func() { w.proof.Again[p.ImpUID] = known })
	r := p.Revocation
	r.Again = true
	w.mu.Lock()
	w.wanted[p.ImpUID] = r
	w.mu.Unlock()
	w.ask(r)
}

// noteReissued issues another receipt under the same imp_uid, and reports whether that was
// done: the one before must be revoked.
func (w *world) noteReissued(impUID string) (done bool) {
	if _, done = w.portone.Reissue(impUID, 0); done {
		w.note(impUID, personName, "issues another receipt")
		w.proof.Note(func() { w.proof.Reissued[impUID] = time.Now() })
	}
	return done
}

// pause pauses the queues of a gateway, as often as it takes, and notes since when no call may
// arrive.
func (w *world) pause(pg tasks.Gateway) {
	queues := []string{tasks.Queue{PG: pg}.Name(), tasks.Queue{PG: pg, Bulk: true}.Name()}
	for {
		_, err := w.pauses.ForPerson(w.ctx, queues, personName, "maintenance")
		if err == nil {
			break
		}
		time.Sleep(soon)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.paused[pg] = time.Now()
}

// resume lifts every pause of a person of a gateway, as often as it takes. It leaves those of
// gates.
func (w *world) resume(pg tasks.Gateway) {
	// From the first try on calls may arrive: it may take effect and its answer be lost.
	w.mu.Lock()
	delete(w.paused, pg)
	w.mu.Unlock()
	for {
		pauses, err := w.gates.Pauses(w.ctx)
		for _, p := range pauses {
			queue, _ := tasks.ParseQueue(p.Queue)
			if queue.PG == pg && p.ByPerson() && err == nil {
				_, _, err = w.gates.Resume(w.ctx, p)
			}
		}
		if err == nil {
			return
		}
		time.Sleep(soon)
	}
}

// pausedNow reports whether people want a gateway to be paused. Several windows of pauses may
// overlap.
func (w *world) pausedNow(pg tasks.Gateway) bool {
	return w.happens(func(f Fault) bool { return f.Kind == Pause && f.PG == pg })
}

// pauseLost pauses and resumes once more, since Redis may have lost either: a pause that came
// back would keep its queues for ever.
func (w *world) pauseLost() {
	for _, pg := range gateways {
		for done := false; !done; {
			paused := w.pausedNow(pg)
			if paused {
				w.pause(pg)
			} else {
				w.resume(pg)
			}
			// A window may have begun or ended meanwhile.
			done = w.pausedNow(pg) == paused
		}
	}
}
