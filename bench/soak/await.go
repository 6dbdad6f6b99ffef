package main

import (
	"context"
	"time"

	"receiptrevoker/bench/internal/proof"
	"receiptrevoker/tasks/wait"
)

const (
	// look is how often the run is tested for its end.
	look = time.Second
	// sayEvery is how many looks there are to one line about how far that is: one in 20 s.
	sayEvery = 20

	// leaseTime is how long Asynq may take to notice that a process died: its
	// lease of 30 s is over, it waits 30 s more, and looks once a minute (recoverer.go and server.go
	// of Asynq): two minutes in all.
	leaseTime = 2*time.Minute + 30*time.Second
	// leftTime is how long tasks may be left when every outcome is terminal, at least: also where
	// leaseTime is over by then.
	leftTime = time.Minute
)

// awaitCalm waits until every accepted imp_uid has a terminal outcome, and then
// until nothing is left in the queues: a task whose process died between the
// outcome and telling Asynq is given to another process once more. It does not fail the run: it
// notes in found how long the first took, or that the time of the run was over before, and the
// checks find what is left.
func (k *soak) awaitCalm(ctx context.Context, found *evidence) {
	found.History = k.history
	open := k.history.Sorted()
	k.say("%5.1fs  the last fault is over, %d imp_uids are accepted", time.Since(k.began).Seconds(), len(open))
	// Only what was open at the last look is read again: of 20,000 outcomes most end early.
	for n := 0; ; n++ {
		open = k.stillOpen(ctx, open)
		if len(open) == 0 {
			found.allTerminal = time.Since(found.lastFault)
			break
		}
		if n%sayEvery == 0 {
			k.say("%5.1fs  %d without a terminal outcome, such as %s", time.Since(k.began).Seconds(), len(open), open[0])
		}
		if wait.For(ctx, look) != nil {
			found.late = true
			return
		}
	}
	k.say("%5.1fs  every outcome is terminal", time.Since(k.began).Seconds())
	deadline := time.Now().Add(max(leftTime, time.Until(found.lastFault.Add(leaseTime))))
	for time.Now().Before(deadline) {
		if left, _, err := proof.Left(k.redis.Client); err == nil && len(left) == 0 || wait.For(ctx, look) != nil {
			return
		}
	}
}

// stillOpen returns those of the imp_uids that have no terminal outcome, or may
// have none, since Redis did not say. One that was terminal is not read again: by now nothing is
// requested or retried any more that could open it.
func (k *soak) stillOpen(ctx context.Context, impUIDs []string) (open []string) {
	outcomes, err := proof.Outcomes(ctx, k.outcomes, impUIDs)
	if err != nil {
		return impUIDs
	}
	for _, o := range outcomes {
		if !o.Status.Terminal() {
			open = append(open, o.ImpUID)
		}
	}
	return open
}
