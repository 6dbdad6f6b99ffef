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
	// look is how often the simulation looks whether all is over, in virtual time.
	look = 10 * time.Second
	// leaseTime is how long Asynq may take to notice that a process died: its
	// lease of 30 s is over, it waits 30 s more, and looks once a minute.
	leaseTime = 2*time.Minute + 30*time.Second
)

// recovery is how long after the last fault everything must have ended: a gate that nothing
// opens, since all that is left fails, is waived after its patience, and then every attempt is
// used up. The rest is for a DELETE that PortOne may be at work on, ten times the timeout, and
// the lease of a task whose worker died.
func (s Scenario) recovery() time.Duration {
	patience := cmp.Or(s.Patience, 12*time.Hour)
	return 2*patience + time.Duration(s.Attempts)*s.MaxDelay + 30*time.Minute
}

// awaitEnd waits until every request has ended, but no longer than the faults explain, and then
// until no task is left: the task of a process that died between the outcome and telling Asynq
// is given to another process once more.
func (w *world) awaitEnd() {
	deadline := time.Now().Add(w.scenario.recovery())
	// Four times within the patience: a receipt counts as shut out only if PortOne has answered
	// another in the second half of it.
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

// passBy asks for a further receipt, as happens all the time in production: a receipt that
// PortOne turns away is given up as refused only if PortOne accepts others meanwhile.
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

// someOpen reports whether a request has not ended, or Redis does not say.
func (w *world) someOpen() bool {
	all, err := outcome.NewStore(w.redis.direct, outcome.Config{}).Many(w.ctx, w.proof.Sorted())
	return err != nil || slices.ContainsFunc(all, func(o outcome.Outcome) bool { return !o.Status.Terminal() })
}

// check compares what Redis says of each request with what was asked for and done, and with
// what PortOne knows: by the checks that the soak makes too, and by those that only a known
// scenario allows.
func (w *world) check() {
	ctx := context.WithoutCancel(w.ctx)
	found := proof.Evidence{
		History: w.proof, Recorded: make(map[string]int), Lists: make(map[string][]string), Failing: make(map[string]bool),
	}
	w.gatherLists(ctx, &found)
	if err := found.Gather(ctx, w.redis.direct, w.portone.Server); err != nil {
		w.fail("", "evidence not gathered: %v", err)
		return
	}
	// PortOne's times are by its own clock. The checks compare them with those of the
	// processes.
	for impUID, truth := range found.Truths {
		if truth.Revoked() {
			truth.RevokedAt = truth.RevokedAt.Add(-w.scenario.PortOneSkew)
			found.Truths[impUID] = truth
		}
	}
	for _, p := range w.payments {
		// A receipt that was revoked by hand where no lookup exists is answered 500 for ever: see
		// [payment.rules].
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
		w.checkAttempts(o)
	}
	w.checkOutages()
	w.checkKeys(ctx)
}

// mostShown is of how many imp_uids of a finding the histories are shown.
const mostShown = 3

// failFinding fails with a finding, and the histories of some imp_uids that it concerns.
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

// gatherLists says what belongs to each list, and how much of a cancelled one was recorded.
// What was must end like any other request.
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
		// Rows are recorded in the order of the list, so that the first ones are those that there
		// are.
		for i := range rows {
			w.proof.Promise(found.Lists[name][i])
		}
	}
}

// checkReason fails where nothing explains why a receipt that could be revoked was given up, or
// why one was given up for another reason than its own.
func (w *world) checkReason(o outcome.Outcome, found *proof.Evidence) {
	if o.Status != outcome.Dead {
		return
	}
	p := w.paymentOf(o.ImpUID)
	explained := false
	switch o.Reason {
	case outcome.ReasonAttemptsExhausted:
		explained = o.Attempts >= w.scenario.Attempts
	// Unconfirmed needs a gateway without lookups and a DELETE that had no answer, or a fault
	// by which an answer may be lost.
	case outcome.ReasonUnconfirmed:
		explained = !o.PG.LooksUp() && (w.doubted[o.ImpUID] || slices.ContainsFunc(w.scenario.Faults, Fault.losesAnswers))
	case outcome.ReasonWithdrawn, outcome.ReasonCrashed, outcome.ReasonReissued:
		explained = true // the evidence says whether a person did that
	// PortOne refuses such a receipt with an answer of its own, or turns it away until the
	// patience is over.
	case outcome.ReasonRefused:
		explained = p.nature == refused || p.nature == forbidden
	case outcome.ReasonUnsupportedGateway:
		explained = p.nature == unsupported
	case outcome.ReasonNotIssued:
		explained = p.nature == notIssued
	}
	if !explained {
		w.fail(o.ImpUID, "the outcome is dead, %s after %d attempts, and the receipt is %q", o.Reason, o.Attempts, p.nature)
	}
}

// checkWait fails where a request ended later than its schedule and the faults explain that concern
// it: those of another gateway do not. It looks at requests that no person touched and that ended
// as revoked: how long others take people decide.
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
	// A receipt that was asked for anew is measured from its last request: its outcome replaced the
	// earlier one.
	if again {
		began = asked[len(asked)-1].At.Sub(w.began)
	}
	ended := o.UpdatedAt.Add(-w.scenario.RedisSkew).Sub(w.began)
	// The bound is a minute where no fault concerns the request. Otherwise the longest delay
	// between two attempts, with its jitter, may pass after the last of these faults is over,
	// and then what [afterFault] names.
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

const (
	// calm is how long a request may take that no fault concerns.
	calm = time.Minute
	// afterFault is how long one may take after the next attempt is due: PortOne may be at
	// work on an earlier DELETE for ten timeouts, or Asynq wait for a dead process.
	afterFault = 15 * time.Minute
)

// queuesOf returns the names of all queues of the namespace receipt, whether or not they exist.
func queuesOf() (names []string) {
	for _, q := range tasks.Queues(tasks.DefaultNamespace) {
		names = append(names, q.Name())
	}
	return names
}

// checkKeys fails where Asynq's keys contradict each other, such as a task on a list of which
// no hash exists.
func (w *world) checkKeys(ctx context.Context) {
	for _, queue := range queuesOf() {
		for _, text := range asynqkeystest.Orphans(ctx, w.redis.direct, queue) {
			w.fail(impUIDIn(text), "%s", fmt.Sprint(queue, ": ", text))
		}
	}
}
