package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"receiptrevoker/bench/internal/scene"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/wait"
	"receiptrevoker/worker/iamport/iamporttest"
)

const (
	// restartByHand is one in how many receipts was revoked by hand.
	restartByHand = 10
	// restartTold is of how many overdue receipts the log shows the outcome: a few are enough to look
	// for the cause.
	restartTold = 5
)

// restartFaults are what goes wrong, besides, while everything is killed. Five in a hundred receipts
// fail at every call, and of all calls a fifth fails in some way.
var restartFaults = []iamporttest.Rule{
	{Fault: iamporttest.GatewayFailed, Receipts: 5},
	{Fault: iamporttest.GatewayFailed, Percent: 8},
	{Fault: iamporttest.BadGateway, Percent: 2},
	{Fault: iamporttest.CutBefore, Percent: 3},
	{Fault: iamporttest.CutAfter, Percent: 4},
	{Fault: iamporttest.TooManyRequests, Percent: 3, RetryAfter: time.Second},
}

// mixedRestart measures what is left behind after all workers and Redis were killed at work: the
// receipts that are still open a minute later although their schedule does not say so. There should be
// none, as the sweeper runs every 15 seconds and finds what no worker attempts.
func (b *bench) mixedRestart() []part {
	name := fmt.Sprintf("mixed: %v after a restart of all workers and Redis, of %d receipts",
		b.sizes.recover, b.sizes.crash)
	act := func(ctx context.Context, s *scene.Scene) (float64, error) {
		left, err := b.restart(ctx, s)
		if err != nil {
			return 0, err
		}
		b.say("  %d open", len(left))
		b.table.figure(name+": open", "", "%.0f").add(float64(len(left)))
		// The outcomes were read a moment before: what is due within it is not overdue.
		now := time.Now()
		overdue := slices.DeleteFunc(left, func(o outcome.Outcome) bool { return scheduled(o, now) })
		for _, o := range overdue[:min(len(overdue), restartTold)] {
			text, _ := json.Marshal(o) // made of texts and numbers
			b.say("  overdue: %s", text)
		}
		return float64(len(overdue)), nil
	}
	return []part{{name: "restart", unit: "%.0f overdue", who: mixedRevoker, act: act, show: func(found []float64) {
		b.table.figure(name+": open although their schedule does not say so", "0", "%.0f").add(found[0])
	}}}
}

// restart returns the outcomes of the receipts that are open some time after a restart, whether or not
// they are due.
func (b *bench) restart(ctx context.Context, s *scene.Scene) ([]outcome.Outcome, error) {
	s.PortOne.Simulated.Inject(restartFaults...)
	began := time.Now()
	list, err := askManyGateways(ctx, s, b.sizes.crash)
	if err != nil {
		return nil, err
	}
	// The kill comes while receipts are being asked for and called, not after.
	if err := wait.For(ctx, time.Until(began.Add(b.sizes.until))); err != nil {
		return nil, err
	}
	if err := s.Restart(ctx, b.sizes.away); err != nil {
		return nil, err
	}
	if err := wait.For(ctx, b.sizes.recover); err != nil {
		return nil, err
	}
	outcomes, err := s.Outcomes(ctx, list)
	return slices.DeleteFunc(outcomes, func(o outcome.Outcome) bool { return o.Status.Terminal() }), err
}

// askManyGateways issues receipts of many gateways and asks for them, each second one in a list: single
// requests and lists stand on different queues. It returns them all.
func askManyGateways(ctx context.Context, s *scene.Scene, count int) ([]tasks.Revocation, error) {
	gateways := append([]tasks.Gateway{gateway}, others...)
	var singles, lines []tasks.Revocation
	for i := range count {
		// i/2, so that each gateway has single requests as well as lines, and so have the receipts that
		// were revoked by hand.
		r := iamporttest.Receipt{PG: gateways[i/2%len(gateways)]}
		if i/2%restartByHand == 0 {
			r.CancelledAt = time.Now().Add(-time.Hour)
		}
		if i%2 == 0 {
			singles = append(singles, s.PortOne.Issue(r))
		} else {
			lines = append(lines, s.PortOne.Issue(r))
		}
	}
	if err := s.AskMany(ctx, singles); err != nil {
		return nil, err
	}
	return append(singles, lines...), s.AskBatch(ctx, "mixed", lines)
}

// scheduled reports whether an outcome says that its receipt is to be attempted later, or was until a
// moment ago: a task that is due is not picked up in the same instant.
func scheduled(o outcome.Outcome, now time.Time) bool {
	const moment = 3 * time.Second
	return o.Status == outcome.Retrying && !o.NextAttemptAt.Before(now.Add(-moment))
}
