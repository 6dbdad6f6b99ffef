package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/wait"
	"receiptrevoker/worker/iamport/iamporttest"
)

const (
	// restartBatch is the list that is under way when everything is killed.
	restartBatch = "mixed"
	// restartFailing and restartByHand are how many receipts in a hundred fail
	// permanently, and one in how many was revoked by hand.
	restartFailing = 5
	restartByHand  = 10
	// restartTold is of how many receipts the log tells that are overdue.
	restartTold = 5
)

// restartFaults are what goes wrong, besides, while everything is killed.
var restartFaults = []iamporttest.Rule{
	{Fault: iamporttest.GatewayFailed, Receipts: restartFailing},
	{Fault: iamporttest.GatewayFailed, Percent: 8},
	{Fault: iamporttest.BadGateway, Percent: 2},
	{Fault: iamporttest.CutBefore, Percent: 3},
	{Fault: iamporttest.CutAfter, Percent: 4},
	{Fault: iamporttest.TooManyRequests, Percent: 3, RetryAfter: time.Second},
}

// mixedRestart measures what is left behind after all workers and Redis were
// killed at work.
func (b *bench) mixedRestart(ctx context.Context) ([]row, error) {
	name := fmt.Sprintf("mixed: %v after a restart of all workers and Redis, of %d receipts",
		b.sizes.recover, b.sizes.crash)
	all := row{name: name + ": open", format: "%.0f"}
	late := row{name: name + ": open although their schedule does not say so", target: "0", format: "%.0f"}
	err := b.eachSeed("restart", func(seed uint64) error {
		open, overdue, err := b.runRestart(ctx, seed)
		b.say("  revoker: %d open, %d overdue", open, overdue)
		all.add(float64(open))
		late.add(float64(overdue))
		return err
	})
	return []row{all, late}, err
}

// runRestart returns how many receipts are open in the end, and how many of these
// no schedule holds back.
func (b *bench) runRestart(ctx context.Context, seed uint64) (open, overdue int, err error) {
	s, err := b.stage(ctx, seed, mixedRevoker)
	defer s.strike()
	if err != nil {
		return 0, 0, err
	}
	s.portone.Inject(restartFaults...)
	began := time.Now()
	impUIDs, err := s.askManyGateways(ctx, b.sizes.crash)
	if err != nil {
		return 0, 0, err
	}
	if err := wait.For(ctx, time.Until(began.Add(b.sizes.until))); err != nil {
		return 0, 0, err
	}
	if err := s.restart(ctx, b.sizes.away); err != nil {
		return 0, 0, err
	}
	if err := wait.For(ctx, b.sizes.recover); err != nil {
		return 0, 0, err
	}
	left, err := s.lacking(ctx, impUIDs, func(o outcome.Outcome) bool { return o.Status.Terminal() })
	now := time.Now()
	for _, o := range left {
		if scheduled(o, now) {
			continue
		}
		if overdue++; overdue <= restartTold {
			text, _ := json.Marshal(o) // made of texts and numbers
			b.say("  overdue: %s", text)
		}
	}
	return len(left), overdue, err
}

// askManyGateways issues receipts of many gateways and asks for them, each second
// one in a list.
func (s *scene) askManyGateways(ctx context.Context, count int) (impUIDs []string, err error) {
	gateways := append([]tasks.Gateway{mixedGateway}, outageOthers...)
	var singles []tasks.Revocation
	var lines []enqueue.Line
	for i := range count {
		r := iamporttest.Receipt{PG: gateways[i/2%len(gateways)]}
		if i/2%restartByHand == 0 {
			r.CancelledAt = time.Now().Add(-time.Hour)
		}
		impUID := s.issue(r)
		s.ask(r.PG, impUID)
		impUIDs = append(impUIDs, impUID)
		if i%2 == 0 {
			singles = append(singles, tasks.Revocation{ImpUID: impUID, PG: r.PG})
		} else {
			lines = append(lines, enqueue.Line{Number: i + 1, ImpUID: impUID, PG: r.PG})
		}
	}
	if err := revokeAll(ctx, s.client, singles); err != nil {
		return nil, err
	}
	return impUIDs, askList(ctx, s.client, restartBatch, slices.Values(lines), len(lines))
}

// restart kills all workers and Redis at once and starts them again after a
// while.
func (s *scene) restart(ctx context.Context, away time.Duration) error {
	s.workers.kill()
	s.redis.Kill()
	if err := wait.For(ctx, away); err != nil {
		return err
	}
	if err := s.redis.Up(ctx); err != nil {
		return err
	}
	return s.start(ctx)
}
