package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"receiptrevoker/bench/internal/benchredis"
	"receiptrevoker/tasks"
)

// gateway is the one whose receipts are revoked. Where a measurement is about a gateway that fails, it
// is this one.
const gateway = tasks.KCP

// others are the gateways that work while [gateway] fails. Settle is among them, for which PortOne
// documents no lookup: the worker then follows a path of its own.
var others = []tasks.Gateway{tasks.Inicis, tasks.Settle, tasks.Nice, tasks.Daou, tasks.TossPayments}

// settings are how much is measured. Each has a flag in [parse] or a value there; tests set smaller
// ones.
type settings struct {
	runs  int // of each measurement
	seeds int // each part of mixed is made with the seeds 1 to seeds
	// profile is a file for the CPU profile of the worker, empty for none. Each run overwrites it, so
	// that the last one is kept.
	profile string
	samples int // of a run of the measurement pickup
	small   int // revocations of the small run of the measurement speed
	large   int // revocations of its large run
	// ownOnly leaves River out of speed: its program has to be built, with modules that tests do not
	// download.
	ownOnly bool
	still   time.Duration // how long idle watches
	lines   int           // of the list of fanout
	huge    int           // lines of the list of the measurement million
	most    int           // the most of what waits, and of the outcomes, of the measurement growth
	down    time.Duration // how long the gateway is down in the measurement outage
	// quiet is how long all gateways are up before one goes down in outage: its first third is for
	// starting, and by the rest the other gateways are compared.
	quiet   time.Duration
	backlog int           // about how many receipts wait for the gateway when it returns
	watch   time.Duration // how long mixed/calls counts calls for receipts that fail
	sizes   mixedSizes
	// log is told how far it has come. The table goes elsewhere, so that it can be redirected.
	log io.Writer
}

// mixedSizes are how much each part of mixed does, and for how long. The groups belong to one part
// each.
type mixedSizes struct {
	list  int           // lines of a list of which some fail
	warm  int           // successful calls before a list
	limit time.Duration // of a wait; what takes longer has failed

	beside  int           // lines that fail beside the single requests
	singles int           // single requests
	ahead   time.Duration // from the list to the first of them
	apart   time.Duration // from one to the next

	hand int // receipts revoked by hand

	crash   int           // receipts under way when all processes are killed
	until   time.Duration // from the start to that
	away    time.Duration // how long nothing runs
	recover time.Duration // from the restart to the look at what is open

	brownout time.Duration // how long nine of ten calls fail
}

// bench makes the measurements, one after the other: two at once would measure each other.
type bench struct {
	settings
	// redis serves the measurements without workers, fanout and million; those with workers start one
	// each.
	redis *benchredis.Server
	table table
	// temp is a directory for programs that are built. It is removed in the end.
	temp string
}

// say writes a line about how far it has come: some measurements take half an hour.
func (b *bench) say(format string, args ...any) { fmt.Fprintf(b.log, format+"\n", args...) }

// each makes so many runs of a measurement. They have the numbers from 1, which mixed takes as the
// simulated PortOne's seeds.
func (b *bench) each(name string, runs int, run func(number uint64) error) error {
	for i := range runs {
		b.say("%s: run %d of %d", name, i+1, runs)
		if err := run(uint64(i) + 1); err != nil {
			return fmt.Errorf("run %d: %w", i+1, err)
		}
	}
	return nil
}

// bounded bounds the time of a run of so many revocations, far above what it can need: a minute, and
// 100 ms for each of them. It only ends a run that hangs, which must not stop a night of measurements.
func bounded(ctx context.Context, revocations int) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, time.Minute+time.Duration(revocations)*time.Second/10)
}
