package world

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"receiptrevoker/bench/internal/proof"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys/asynqkeystest"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/iamport/iamporttest"
)

const (
	// look is how often the run is tested for its end, in the time of the bubble.
	look = 10 * time.Second
	// leaseTime is how long Asynq may take to notice that a process died: its
	// lease of 30 s is over, it waits 30 s more, and looks once a minute (recoverer.go and server.go
	// of Asynq): two minutes in all.
	leaseTime = 2*time.Minute + 30*time.Second
)

// recovery is how long after the last fault everything must have ended: a gate that
// nothing opens, since all that is left fails, is waived after its patience, and then every
// attempt is used up. The rest is for a DELETE that PortOne may be at work on, ten times
// the timeout, and the lease of a task whose worker died. Of a span of ten minutes that is
// 2 × 10 + 10 × 1.25 + 30 = 62.5 minutes, of an hour or more 39.5 hours.
func (s Scenario) recovery() time.Duration {
	patience := cmp.Or(s.Patience, 12*time.Hour)
	return 2*patience + time.Duration(s.Attempts)*s.MaxDelay + 30*time.Minute
}

// awaitEnd waits until every request has ended, but no longer than the faults explain, and
// then until no task is left: one whose process died between the outcome and telling Asynq
// is given to another process once more. It does not fail the run: the checks find what is open or
// left by then.
func (w *world) awaitEnd() {
	// A request that PortOne alone turns away ends only if PortOne has answered another one in the
	// second half of the patience (worker/revoke/giveup.go, shutOut): four times in it is enough.
	deadline := time.Now().Add(w.scenario.recovery())
	every := cmp.Or(w.scenario.Patience, 12*time.Hour) / 4
	for next := time.Now().Add(every); time.Now().Before(deadline) && w.someOpen(); time.Sleep(look) {
		if time.Now().After(next) {
			next = next.Add(every)
			w.passBy()
		}
	}
	deadline = time.Now().Add(leaseTime + 2*w.scenario.MaxDelay + 2*w.scenario.Poll)
	for time.Now().Before(deadline) {
		if left, _, err := proof.Left(w.redis.direct); err == nil && len(left) == 0 {
			return
		}
		time.Sleep(look)
	}
}

// passBy requests a further receipt, of KCP and nothing odd about it, as happens all the time in
// production: without it a receipt that PortOne turns away for itself alone would wait for ever,
// since no other call shows that PortOne works.
func (w *world) passBy() {
	w.mu.Lock()
	p := payment{Revocation: tasks.Revocation{ImpUID: fmt.Sprintf("imp_%012d", len(w.payments)), PG: tasks.KCP}}
	p.receipt = iamporttest.Receipt{ImpUID: p.ImpUID, PG: p.PG}
	p.at = time.Since(w.began)
	w.payments = append(w.payments, p)
	w.wanted[p.ImpUID] = p.Revocation
	w.mu.Unlock()
	w.portone.Issue(p.receipt)
	w.ask(p.Revocation)
}

// someOpen reports whether a request has not ended, or Redis does not say. It reads past all faults,
// of every imp_uid that a producer was promised.
func (w *world) someOpen() bool {
	all, err := outcome.NewStore(w.redis.direct, outcome.Config{}).Many(w.ctx, w.proof.Sorted())
	return err != nil || slices.ContainsFunc(all, func(o outcome.Outcome) bool { return !o.Status.Terminal() })
}

// check compares what Redis says of each request with what was requested and done, and
// with what PortOne knows. First come the checks that the soak has too, then those that need to
// know the scenario: why a request was given up, how long it took, how many attempts it lost.
func (w *world) check() {
	// The workers' context has ended, so that they stopped; Redis is read all the same.
	ctx := context.WithoutCancel(w.ctx)
	found := proof.Evidence{
		History: w.proof, Recorded: make(map[string]int), Lists: make(map[string][]string), Failing: make(map[string]bool),
	}
	w.gatherLists(ctx, &found)
	if err := found.Gather(ctx, w.redis.direct, w.portone.Server); err != nil {
		w.fail("", "evidence not gathered: %v", err)
		return
	}
	// PortOne's times become those of the bubble, with which the history's were noted.
	for impUID, truth := range found.Truths {
		if truth.Revoked() {
			truth.RevokedAt = truth.RevokedAt.Add(-w.scenario.PortOneSkew)
			found.Truths[impUID] = truth
		}
	}
	// A receipt that was revoked by hand fails too where no lookup can show it: see [payment.rules].
	for _, p := range w.payments {
		found.Failing[p.ImpUID] = p.nature == failing || p.nature == byHand && !p.PG.LooksUp()
	}
	for _, check := range proof.Checks {
		if f := check(&found); f.Failed() {
			w.failFinding(f)
		}
	}
	for _, o := range found.Outcomes {
		w.checkReason(o, &found)
		w.checkWait(o)
		w.checkWithdrawn(o)
		w.checkAttempts(o)
		w.checkLife(o)
	}
	w.checkOutages()
	w.checkRepeated(found.Batches)
	w.checkKeys(ctx)
}

// mostShown is of how many imp_uids of a finding the histories are shown: one fault often breaks
// the same invariant for many, and each history has up to 60 lines.
const mostShown = 3

// failFinding fails with a finding, and the histories of some imp_uids that it concerns. A finding
// about batches names the batches, and in Of the imp_uids of their lines.
func (w *world) failFinding(f proof.Finding) {
	text := fmt.Sprintf("%s: %d, %v", f.Name, f.Count, f.ImpUIDs)
	for _, detail := range f.Details {
		text += "\n" + detail
	}
	of := f.ImpUIDs
	if len(f.Of) > 0 {
		of = f.Of
	}
	w.fail("", "%s", text)
	for _, impUID := range of[:min(len(of), mostShown)] {
		w.fail(impUID, "%s", f.Name)
	}
}

// gatherLists says what belongs to each list, and how many lines of a cancelled one were recorded:
// these are promised, since a worker has to end them, whether or not their producer had an answer.
// Lines are recorded in order, so that the recorded ones are the first.
func (w *world) gatherLists(ctx context.Context, found *proof.Evidence) {
	store := outcome.NewStore(w.redis.direct, outcome.Config{})
	for name, revocations := range w.lists {
		for _, r := range revocations {
			found.Lists[name] = append(found.Lists[name], r.ImpUID)
		}
		if !w.cancelledLists[name] {
			continue
		}
		rows, err := store.Rows(ctx, name, 1, len(revocations))
		if err != nil {
			w.fail("", "list %s: %v", name, err)
		}
		found.Recorded[name] = len(rows)
		for i := range rows {
			w.proof.Promise(found.Lists[name][i])
		}
	}
}

// checkReason fails where nothing explains why a receipt that could be revoked was given
// up, or why one was given up for another reason than its own. A reason that is not named below is
// never explained: invalid_task, since every task here can be read, or one that is added later.
// unconfirmed is explained where no lookup tells and a DELETE had no whole answer, or some fault
// may have lost one.
func (w *world) checkReason(o outcome.Outcome, found *proof.Evidence) {
	if o.Status != outcome.Dead {
		return
	}
	p := w.paymentOf(o.ImpUID)
	explained := false
	switch o.Reason {
	case outcome.ReasonAttemptsExhausted:
		explained = o.Attempts >= w.scenario.Attempts
	case outcome.ReasonUnconfirmed:
		explained = !o.PG.LooksUp() && (w.doubted[o.ImpUID] || slices.ContainsFunc(w.scenario.Faults, Fault.losesAnswers))
	case outcome.ReasonWithdrawn, outcome.ReasonCrashed, outcome.ReasonReissued:
		explained = true // the evidence says whether a person did that
	case outcome.ReasonRefused:
		explained = p.nature == refused || p.nature == forbidden
	case outcome.ReasonUnsupportedGateway:
		explained = p.nature == unsupported || w.scenario.has(refusesAll)
	case outcome.ReasonNotIssued:
		explained = p.nature == notIssued
	}
	if !explained {
		w.fail(o.ImpUID, "the outcome is dead, %s after %d attempts, and the receipt is %q", o.Reason, o.Attempts, p.nature)
	}
}

// checkWait fails where a request ended later than its schedule and the faults explain that
// concern it: those of another gateway do not. Only an ordinary receipt that is revoked, and that no
// person touched, has a time by which it must have ended: a minute and two polls after its request;
// or, from the end of the last fault that concerns it on, the longest delay of the schedule and a
// quarter more, and [afterFault].
//
// A fault concerns a request if it began before that had ended, and ended at most the longest delay
// before its request. It concerns it from a second before its window on: so much a loss forgets.
func (w *world) checkWait(o outcome.Outcome) {
	p := w.paymentOf(o.ImpUID)
	asked := w.proof.Asked[o.ImpUID]
	asked = slices.DeleteFunc(slices.Clone(asked), func(a proof.Asking) bool { return !a.Accepted })
	_, again := w.proof.Again[o.ImpUID]
	untouched := p.nature == ordinary && !w.proof.Touched[o.ImpUID] && (again || w.proof.Reissued[o.ImpUID].IsZero())
	if !untouched || len(asked) == 0 || o.Status != outcome.Revoked {
		return
	}
	began := asked[0].At.Sub(w.began)
	// The outcome is that of the latest request, and its times are by the clock of Redis.
	if again {
		began = asked[len(asked)-1].At.Sub(w.began)
	}
	ended := o.UpdatedAt.Add(-w.scenario.RedisSkew).Sub(w.began)
	explained, bound := began, began+calm+2*w.scenario.Poll
	var since []Fault
	for _, f := range w.scenario.Faults {
		if f.concerns(p) && f.From-lostSpan <= ended && f.To >= began-w.scenario.MaxDelay {
			since = append(since, f)
			explained = max(explained, f.To)
			bound = explained + w.scenario.MaxDelay*5/4 + afterFault
		}
	}
	if ended > bound {
		w.fail(o.ImpUID, "asked for at %v, ended at %v, later than %v, with %v", began, ended, bound, since)
	}
}

// checkRepeated fails where a batch counts other lines than those that repeat an earlier one as such, or any as none
// that can be asked for. A list that was cancelled may have been read to any line.
func (w *world) checkRepeated(batches map[string]outcome.Batch) {
	for name := range w.lists {
		b := batches[name]
		if b.Invalid > 0 || b.Repeated > repeated || b.Repeated < repeated && !w.cancelledLists[name] {
			w.fail("", "%s counts %d lines that repeat an earlier one, want %d, and %d that cannot be asked for, want 0",
				name, b.Repeated, repeated, b.Invalid)
		}
	}
}

const (
	// calm is how long a request may take that no fault concerns, besides two polls of a worker.
	calm = time.Minute
	// afterFault is how long one may take after the next attempt is due: PortOne may be at
	// work on an earlier DELETE for ten timeouts, or Asynq wait for a dead process.
	afterFault = 15 * time.Minute
)

// queuesOf returns the names of all queues of the default namespace, whether or not any has a task.
func queuesOf() (names []string) {
	for _, q := range tasks.Queues(tasks.DefaultNamespace) {
		names = append(names, q.Name())
	}
	return names
}

// checkKeys fails where Asynq's keys contradict each other, such as a task that is on no list, or on
// two: a task that Asynq would never take, or take twice.
func (w *world) checkKeys(ctx context.Context) {
	for _, queue := range queuesOf() {
		for _, text := range asynqkeystest.Orphans(ctx, w.redis.direct, queue) {
			w.fail(impUIDIn(text), "%s", fmt.Sprint(queue, ": ", text))
		}
	}
}
