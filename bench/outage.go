package main

import (
	"context"
	"fmt"
	"time"

	"receiptrevoker/tasks"
	"receiptrevoker/worker/gate"
)

const (
	// mostToClose is how many calls of a process fail before it closes a gate
	// whose window is full of successes: those count as attempts.
	mostToClose = gate.DefaultCalls * gate.DefaultRatio
	// outageProcesses work, with outageSlots for each gateway.
	outageProcesses = 3
	outageSlots     = 20
	// outageLatency is that of each answer, also of those that say that the
	// gateway is down.
	outageLatency = 200 * time.Millisecond
	// outageBacklog is about how many receipts wait for the gateway that is down
	// when it returns.
	outageBacklog = 2_000
	// outageRate is how many receipts a second are asked for of each of the
	// others.
	outageRate = 20
	// quietFor is how long all gateways are up before.
	quietFor = 15 * time.Second
	// drainLimit bounds the wait for the backlog, far above what the slowest
	// schedule takes.
	drainLimit = 15 * time.Minute
)

// outageDown is the gateway that goes down, and outageOthers those that do not.
const outageDown = tasks.KCP

var outageOthers = []tasks.Gateway{tasks.Inicis, tasks.Settle, tasks.Nice, tasks.Daou, tasks.TossPayments}

// contender is somebody who works through an outage.
type contender struct {
	name string
	bare bareMode // and with which schedule
	kill bool     // the process that owns the gate is killed, and another comes
}

var contenders = []contender{
	{name: "revoker"},
	{name: "revoker, owner of the gate killed", kill: true},
	{name: "bare Asynq, its default schedule", bare: bareDefault},
	{name: "bare Asynq, 1 s doubling", bare: bareExponential},
}

// outage measures what becomes of six gateways while one of them is down. It is
// made once for each contender, whatever the number of runs: it takes minutes.
func (b *bench) outage(ctx context.Context) ([]row, error) {
	var rows []row
	for _, c := range contenders {
		b.say("outage: %s", c.name)
		o, err := b.runOutage(ctx, c)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		rows = append(rows, o.rows(c)...)
	}
	return rows, nil
}

// outageResult is what was seen of a contender.
type outageResult struct {
	calls, burned, dead int
	backlog             int
	drained             time.Duration // from the return to the last receipt
	quiet, during       state         // of the other gateways
}

// state is how gateways are served.
type state struct {
	pickup     time.Duration // median
	throughput float64       // a second
}

// ideal is how long the backlog takes with all slots busy.
func (r outageResult) ideal() time.Duration {
	return time.Duration(float64(r.backlog) / (outageProcesses * outageSlots) * float64(outageLatency))
}

func (r outageResult) rows(c contender) []row {
	target := func(text string) string {
		if c.bare != notBare {
			return ""
		}
		return text
	}
	line := func(name, goal, format string, value float64) row {
		return row{name: "outage: " + c.name + ": " + name, target: target(goal), format: format, values: []float64{value}}
	}
	limit := r.ideal()*13/10 + 10*time.Second
	return []row{
		line("calls to the dead gateway", "< 180", "%.0f", float64(r.calls)),
		line("attempts burned", fmt.Sprintf("≤ %.0f", outageProcesses*mostToClose), "%.0f", float64(r.burned)),
		line("dead letters", "0", "%.0f", float64(r.dead)),
		line(fmt.Sprintf("its return to an empty backlog of %d, ideally %.1f s", r.backlog, r.ideal().Seconds()),
			fmt.Sprintf("≤ %.1f s", limit.Seconds()), "%.1f s", r.drained.Seconds()),
		line("pickup of the others, before", "", "%.0f ms", milliseconds(r.quiet.pickup)),
		line("pickup of the others, during", fmt.Sprintf("≤ %.0f ms", milliseconds(r.quiet.pickup)+50), "%.0f ms",
			milliseconds(r.during.pickup)),
		line("throughput of the others, against before", "≥ 95 %", "%.1f %%", 100*r.during.throughput/r.quiet.throughput),
	}
}

// runOutage lets a contender work while a gateway goes down and comes back.
func (b *bench) runOutage(ctx context.Context, c contender) (outageResult, error) {
	ctx, cancel := context.WithTimeout(ctx, quietFor+b.down+drainLimit+time.Minute)
	defer cancel()
	if err := b.redis.Empty(ctx); err != nil {
		return outageResult{}, err
	}
	s, err := newOutagePortOne()
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
func (b *bench) timeline(ctx context.Context, s *outagePortOne, workers *outageWorkers) (r outageResult, err error) {
	load := newAsking(b.redis.Client, s)
	defer load.stop()
	for _, pg := range outageOthers {
		load.start(ctx, pg, outageRate)
	}
	load.start(ctx, outageDown, outageRate)
	if err := pause(ctx, quietFor/3); err != nil { // until every queue is served
		return r, err
	}
	began := time.Now()
	if err := pause(ctx, quietFor*2/3); err != nil {
		return r, err
	}
	r.quiet = s.state(outageOthers, began, time.Now())

	load.start(ctx, outageDown, float64(outageBacklog)/b.down.Seconds()-outageRate)
	down := time.Now()
	s.portone.SetOutage(outageDown, true)
	if err := b.meanwhile(ctx, workers); err != nil {
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
	r.calls = s.portone.Stats().DuringOutage
	load.stop()
	r.burned, r.dead, err = workers.losses(ctx, s, r.calls)
	return r, err
}

// meanwhile waits for the outage's end. If the contender is to be hurt, that
// happens half-way.
func (b *bench) meanwhile(ctx context.Context, workers *outageWorkers) error {
	end := time.Now().Add(b.down)
	if workers.contender.kill {
		if err := pause(ctx, b.down/2); err != nil {
			return err
		}
		if err := workers.replaceOwner(ctx); err != nil {
			return err
		}
	}
	return pause(ctx, time.Until(end))
}
