package world

import (
	"context"
	"time"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker"
)

// soonWithdrawn is how long a request may stay open that was cancelled while no attempt on it ran: workers
// take turns to sweep, every 15 s.
const soonWithdrawn = 3 * worker.DefaultSweep

// checkWithdrawn fails where a request ended late that all who asked had cancelled. That is known where no fault delays
// a sweep, or makes it wait for what a DELETE may have done.
func (w *world) checkWithdrawn(o outcome.Outcome) {
	cancelled := w.proof.Cancelled[o.ImpUID]
	if o.Reason != outcome.ReasonWithdrawn || len(cancelled) == 0 || w.doubted[o.ImpUID] {
		return
	}
	last := cancelled[len(cancelled)-1]
	ended := o.UpdatedAt.Add(-w.scenario.RedisSkew)
	if w.happened(last.Began.Add(-time.Minute), ended, Fault.delays) {
		return
	}
	free := last.Withdrawal == outcome.Withdrawn || last.Withdrawal == outcome.Called
	if free && ended.Sub(last.Returned) > soonWithdrawn {
		w.fail(o.ImpUID, "it was cancelled at %v and ended %v later, more than %v",
			last.Returned.Sub(w.began), ended.Sub(last.Returned), soonWithdrawn)
	}
}

// checkLife fails where what is stored of a request that has ended would stay for ever, or the request longer than its
// outcome: asked for anew by then, it would be taken for the one that has ended.
func (w *world) checkLife(o outcome.Outcome) {
	life := func(of string) time.Duration {
		return w.redis.memory.TTL(tasks.Key(tasks.DefaultNamespace, of+":"+o.ImpUID))
	}
	stored := func(of string) bool {
		return w.redis.memory.Exists(tasks.Key(tasks.DefaultNamespace, of+":"+o.ImpUID))
	}
	if !o.Status.Terminal() || !stored("outcome") {
		return
	}
	if life("outcome") == 0 || stored("request") && (life("request") == 0 || life("request") > life("outcome")) {
		w.fail(o.ImpUID, "it has ended: its outcome lives %v, and its request %v", life("outcome"), life("request"))
	}
}

// watchBatches looks at every list until ctx ends: at each moment a batch says that it has finished if it is complete
// and nothing of it is open, and only then. What counts it and what says so are written in one step.
func (w *world) watchBatches(ctx context.Context) {
	store := outcome.NewStore(w.redis.direct, outcome.Config{})
	for ctx.Err() == nil {
		for name := range w.lists {
			b, err := store.Batch(ctx, name)
			if err == nil && b.CancelledAt.IsZero() && b.Finished() != (b.Complete && b.Open == 0) {
				w.fail("", "%s: finished %t, complete %t, with %d open", name, b.Finished(), b.Complete, b.Open)
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(look):
		}
	}
}
