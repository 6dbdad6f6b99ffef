package main

import (
	"context"
	"time"

	"receiptrevoker/bench/internal/proof"
	"receiptrevoker/tasks/wait"
)

const (
	// look is how often the soak looks whether all is over.
	look = time.Second
	// sayEvery is how many looks there are to one line about how far it has come.
	sayEvery = 20

	// leaseTime is how long Asynq may take to notice that a process died: its
	// lease of 30 s is over, it waits 30 s more, and looks once a minute.
	leaseTime = 2*time.Minute + 30*time.Second
	// leftTime is how long tasks may be left when every outcome is terminal.
	leftTime = time.Minute
)

// awaitCalm waits until every accepted imp_uid has a terminal outcome, and then until nothing is
// left in the queues: the task of a process that died between writing the outcome and telling Asynq
// is given to another process once more. Where the run's time is over before that, it notes so and
// returns: the report then names what is stuck.
func (k *soak) awaitCalm(ctx context.Context, found *evidence) {
	found.History = k.history
	open := k.history.Sorted()
	k.say("%5.1fs  the last fault is over, %d imp_uids are accepted", time.Since(k.began).Seconds(), len(open))
	// Only those that were open at the last look are asked for again: of 20,000 few are left soon.
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
	// The lease of a task runs from the last fault, and the tasks of the last outcomes may take a
	// minute more.
	deadline := time.Now().Add(max(leftTime, time.Until(found.lastFault.Add(leaseTime))))
	for time.Now().Before(deadline) {
		if left, _, err := proof.Left(k.redis.Client); err == nil && len(left) == 0 || wait.For(ctx, look) != nil {
			return
		}
	}
}

// stillOpen returns those of the imp_uids that have no terminal outcome. Where Redis does not say,
// it returns them all.
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
