package main

import (
	"context"
	"time"

	"receiptrevoker/tasks/wait"
	"receiptrevoker/worker/iamport/iamporttest"
)

// runOutage measures a contender while a gateway goes down and comes back.
func (b *bench) runOutage(ctx context.Context, c contender) (outageResult, error) {
	ctx, cancel := context.WithTimeout(ctx, quietFor+b.down+drainLimit+time.Minute)
	defer cancel()
	if err := b.redis.Empty(ctx); err != nil {
		return outageResult{}, err
	}
	s, err := startWatched(iamporttest.Config{Latency: iamporttest.Latency{Median: outageLatency}})
	if err != nil {
		return outageResult{}, err
	}
	defer s.close()
	workers := &outageWorkers{bench: b, contender: c, url: s.url()}
	defer workers.kill()
	if workers.token, err = s.token(ctx); err != nil {
		return outageResult{}, err
	}
	for range outageProcesses {
		if err := workers.start(ctx); err != nil {
			return outageResult{}, err
		}
	}
	return b.timeline(ctx, s, workers)
}

// timeline is a quiet time, the outage, and the return.
func (b *bench) timeline(ctx context.Context, s *watched, workers *outageWorkers) (r outageResult, err error) {
	load := newAsking(b.redis.Client, s)
	defer load.stop()
	for _, pg := range outageOthers {
		load.start(ctx, pg, outageRate)
	}
	load.start(ctx, outageDown, outageRate)
	if err := wait.For(ctx, quietFor/3); err != nil { // until every queue is served
		return r, err
	}
	began := time.Now()
	if err := wait.For(ctx, quietFor*2/3); err != nil {
		return r, err
	}
	r.quiet = s.state(outageOthers, began, time.Now())

	down := time.Now()
	s.portone.SetOutage(outageDown, true)
	if err := b.pileUp(ctx, s, load, workers.contender); err != nil {
		return r, err
	}
	if err := b.meanwhile(ctx, down, workers); err != nil {
		return r, err
	}
	// Those that fail keep losing attempts after the return.
	if err := workers.attempts(ctx, s, true, &r.lost); err != nil {
		return r, err
	}
	s.portone.SetOutage(outageDown, false)
	back := time.Now()
	load.end(outageDown)
	r.during = s.state(outageOthers, down, back)
	r.backlog = s.waiting(outageDown)
	if err := s.awaitDone(ctx, outageDown); err != nil {
		return r, err
	}
	r.drained = s.lastDone(outageDown).Sub(back)
	load.stop()
	return r, workers.total(ctx, s, &r)
}

// pileUp asks for the backlog of the gateway that is down, or begins to.
func (b *bench) pileUp(ctx context.Context, s *watched, load *asking, c contender) error {
	if c.failing > 0 {
		s.inject(iamporttest.Rule{PG: outageDown, Fault: iamporttest.GatewayFailed, Receipts: c.failing})
	}
	if !c.atOnce {
		load.start(ctx, outageDown, float64(outageBacklog)/b.down.Seconds()-outageRate)
		return nil
	}
	load.end(outageDown)
	return load.atOnce(ctx, outageDown, outageBacklog)
}

// meanwhile waits for the end of the outage that began at down. If the contender is to be hurt, that
// happens half-way.
func (b *bench) meanwhile(ctx context.Context, down time.Time, workers *outageWorkers) error {
	if workers.contender.kill {
		if err := wait.For(ctx, b.down/2); err != nil {
			return err
		}
		if err := workers.replaceOwner(ctx); err != nil {
			return err
		}
	}
	return wait.For(ctx, time.Until(down.Add(b.down)))
}
