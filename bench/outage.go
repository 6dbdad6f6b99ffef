package main

import (
	"context"
	"fmt"
	"time"

	"receiptrevoker/tasks"
)

const (
	// mostCalls, mostBurned and mostOfOne are what an outage may cost: DELETEs to
	// the gateway that is down, attempts of all receipts, and attempts of one.
	mostCalls, mostBurned, mostOfOne = 240, 160, 1
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

// contender is a system that works through an outage.
type contender struct {
	key     string // by which it is asked for
	name    string
	bare    bareMode // and with which schedule
	kill    bool     // the process that owns the gate is killed, and another comes
	atOnce  bool     // the whole backlog is asked for when the gateway goes down
	failing float64  // of the receipts, in per cent: no DELETE revokes them, also after the return
}

var contenders = []contender{
	{key: "revoker", name: "revoker"},
	{key: "killed", name: "revoker, owner of the gate killed", kill: true},
	{key: "at-once", name: "revoker, backlog all at once", atOnce: true},
	{key: "failing", name: "revoker, backlog all at once, 30 % fail permanently", atOnce: true, failing: 30},
	{key: "bare-default", name: "bare Asynq, its default schedule", bare: bareDefault},
	{key: "bare-doubling", name: "bare Asynq, 1 s doubling", bare: bareExponential},
}

// outageNote is on how outage is made.
const outageNote = "outage: Redis with " + onDiskText + "; " +
	"bare Asynq is its server with a handler that makes the DELETE and nothing else."

// contenderKeys returns by what the contenders are asked for.
func contenderKeys() (keys []string) {
	for _, c := range contenders {
		keys = append(keys, c.key)
	}
	return keys
}

// outage measures six gateways while one of them is down. It is
// made once for each contender, whatever the number of runs: it takes minutes.
func (b *bench) outage(ctx context.Context) ([]row, error) {
	b, err := b.onDisk(ctx)
	if err != nil {
		return nil, err
	}
	defer b.redis.Stop()
	var rows []row
	for _, c := range contenders {
		if !b.contenders.has(c.key) {
			continue
		}
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
	calls, dead   int
	lost          losses
	backlog       int
	drained       time.Duration // from the return to the last receipt that does not fail
	quiet, during state         // of the other gateways
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

// limit is how long the backlog may take.
func (r outageResult) limit(c contender) time.Duration {
	limit := r.ideal()*13/10 + 10*time.Second
	if c.failing > 0 {
		limit += 25 * time.Second
	}
	return limit
}

func (r outageResult) rows(c contender) []row {
	line := func(name, goal, format string, value float64) row {
		if c.bare != notBare {
			goal = ""
		}
		return row{name: "outage: " + c.name + ": " + name, target: goal, format: format, values: []float64{value}}
	}
	drained := "an empty backlog"
	if c.failing > 0 {
		drained = "all revoked that do not fail, of a backlog"
	}
	return []row{
		line("calls to the dead gateway", fmt.Sprintf("< %d", mostCalls), "%.0f", float64(r.calls)),
		line("attempts burned", fmt.Sprintf("≤ %d", mostBurned), "%.0f", float64(r.lost.burned)),
		line("most burned by one receipt", fmt.Sprintf("≤ %d", mostOfOne), "%.0f", float64(r.lost.most)),
		line("dead letters", "0", "%.0f", float64(r.dead)),
		line(fmt.Sprintf("its return to %s of %d, ideally %.1f s", drained, r.backlog, r.ideal().Seconds()),
			fmt.Sprintf("≤ %.1f s", r.limit(c).Seconds()), "%.1f s", r.drained.Seconds()),
		line("pickup of the others, before", "", "%.0f ms", milliseconds(r.quiet.pickup)),
		line("pickup of the others, during", fmt.Sprintf("≤ %.0f ms", milliseconds(r.quiet.pickup)+50), "%.0f ms",
			milliseconds(r.during.pickup)),
		line("throughput of the others, against before", "≥ 95 %", "%.1f %%", 100*r.during.throughput/r.quiet.throughput),
	}
}
