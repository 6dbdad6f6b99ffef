package main

import (
	"fmt"
	"time"

	"receiptrevoker/bench/internal/benchredis"
	"receiptrevoker/bench/internal/contender"
	"receiptrevoker/tasks/outcome"
)

const (
	// mostCalls, mostBurned and mostOfOne are what an outage may cost: DELETEs to the gateway that is
	// down, attempts of all receipts, and attempts of one. 80 different receipts close the gate; calls
	// that are in flight by then count no attempt, nor does what waits.
	mostCalls, mostBurned, mostOfOne = 240, 160, 1
	// outageProcesses work, with outageSlots for each gateway.
	outageProcesses = 3
	// outageSlots is the default of --concurrency.
	outageSlots = 20
	// outageLatency is that of each answer, also of those that say that the gateway is down.
	outageLatency = 200 * time.Millisecond
	// outageRate is how many receipts a second are asked for of each of the other gateways: a fifteenth
	// of what their slots can do, so that any wait is due to the outage.
	outageRate = 20
	// drainLimit bounds the wait for the backlog, far above what the slowest schedule takes.
	drainLimit = 15 * time.Minute
)

// outageNote is on how outage is made.
const outageNote = "outage: Redis with " + benchredis.OnDiskText + "; " +
	"bare Asynq is its server with a handler that makes the DELETE and nothing else."

// outage is a gateway that is down for a while, and what happens to those who work.
type outage struct {
	key     string // by which it is asked for
	name    string // of who works
	kind    contender.Kind
	kill    bool    // the process that owns the gate is killed, and another comes
	atOnce  bool    // the whole backlog is asked for when the gateway goes down
	failing float64 // of the receipts, in per cent: no DELETE revokes them, also after the return
}

// outages are the rows of the table in bench/README.md. The last two show what a service has that uses
// Asynq alone.
var outages = []outage{
	{key: "revoker", name: "revoker"},
	{key: "killed", name: "revoker, owner of the gate killed", kill: true},
	{key: "at-once", name: "revoker, backlog all at once", atOnce: true},
	{key: "failing", name: "revoker, backlog all at once, 30 % fail permanently", atOnce: true, failing: 30},
	{key: "bare-default", name: "bare Asynq, its default schedule", kind: contender.BareDefault},
	{key: "bare-doubling", name: "bare Asynq, 1 s doubling", kind: contender.BareExponential},
}

// outageResult is what was seen of an outage.
type outageResult struct {
	calls, dead   int
	burned        int           // attempts of all receipts that were spent on the gateway that was down
	most          int           // of one receipt
	backlog       int           // receipts that wait at the gateway's return
	drained       time.Duration // from the return to the last receipt that does not fail
	quiet, during state         // of the other gateways
}

// burn adds the attempts of receipts. Of each receipt, kept attempts were not lost: one if the last of
// them revoked it, none if it fails.
func (r *outageResult) burn(outcomes []outcome.Outcome, kept int) {
	for _, o := range outcomes {
		lost := max(o.Attempts-kept, 0)
		r.burned += lost
		r.most = max(r.most, lost)
	}
}

// state is how gateways are served.
type state struct {
	pickup     time.Duration // median
	throughput float64       // a second
}

// ideal is how long the backlog takes with all slots busy: 2,000 receipts on 60 slots of 5 calls a
// second each take 6.7 s.
func (r outageResult) ideal() time.Duration {
	return time.Duration(float64(r.backlog) / (outageProcesses * outageSlots) * float64(outageLatency))
}

// limit is how long the backlog may take from the gateway's return on: the ideal and 30 % of it, and 10
// s, which is the longest interval between two probes. Where receipts fail for ever, 25 s more are
// allowed, since their calls take slots as well.
func (o outage) limit(r outageResult) time.Duration {
	limit := r.ideal()*13/10 + 10*time.Second
	if o.failing > 0 {
		limit += 25 * time.Second
	}
	return limit
}

// show adds the figures of an outage to a table. A bare handler has no targets: its figures are there
// to compare with.
func (o outage) show(t *table, r outageResult) {
	add := func(name, target, format string, value float64) {
		if o.kind.Bare() {
			target = ""
		}
		t.figure("outage: "+o.name+": "+name, target, format).add(value)
	}
	// Receipts that fail for ever never leave the backlog: what is measured then is when all others
	// have.
	drained := "an empty backlog"
	if o.failing > 0 {
		drained = "all revoked that do not fail, of a backlog"
	}
	add("calls to the dead gateway", fmt.Sprintf("< %d", mostCalls), "%.0f", float64(r.calls))
	add("attempts burned", fmt.Sprintf("≤ %d", mostBurned), "%.0f", float64(r.burned))
	add("most burned by one receipt", fmt.Sprintf("≤ %d", mostOfOne), "%.0f", float64(r.most))
	add("dead letters", "0", "%.0f", float64(r.dead))
	add(fmt.Sprintf("its return to %s of %d, ideally %.1f s", drained, r.backlog, r.ideal().Seconds()),
		fmt.Sprintf("≤ %.1f s", o.limit(r).Seconds()), "%.1f s", r.drained.Seconds())
	quiet := milliseconds(r.quiet.pickup)
	add("pickup of the others, before", "", "%.0f ms", quiet)
	add("pickup of the others, during", fmt.Sprintf("≤ %.0f ms", quiet+50), "%.0f ms", milliseconds(r.during.pickup))
	add("throughput of the others, against before", "≥ 95 %", "%.1f %%", 100*r.during.throughput/r.quiet.throughput)
}
