package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"receiptrevoker/bench/internal/benchredis"
	"receiptrevoker/tasks"
)

// gateway is the one whose receipts are revoked, and that fails where one does.
const gateway = tasks.KCP

// others are the gateways that do not fail beside it.
var others = []tasks.Gateway{tasks.Inicis, tasks.Settle, tasks.Nice, tasks.Daou, tasks.TossPayments}

// settings are on how much is measured.
type settings struct {
	runs    int           // of each measurement
	seeds   int           // each part of mixed is made with the seeds 1 to seeds
	profile string        // a file for the CPU profile of the worker
	samples int           // of a run of the measurement pickup
	small   int           // revocations of the small run of the measurement speed
	large   int           // revocations of its large run
	ownOnly bool          // whether speed leaves out River, whose program must be built
	still   time.Duration // how long idle watches
	lines   int           // of the list of fanout
	huge    int           // lines of the list of the measurement million
	most    int           // the most of what waits, and of the outcomes, of the measurement growth
	down    time.Duration // how long the gateway is down in the measurement outage
	quiet   time.Duration // how long all gateways are up before
	backlog int           // about how many receipts wait for the gateway when it returns
	watch   time.Duration // how long mixed/calls counts calls for receipts that fail
	sizes   mixedSizes
	log     io.Writer // is told how far it has come
}

// mixedSizes are how much each part of mixed does, and for how long.
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

// bench makes the measurements.
type bench struct {
	settings
	redis *benchredis.Server // in memory, for those that need no workers
	table table
	temp  string // a directory for programs that it builds
}

// say writes a line about how far it has come.
func (b *bench) say(format string, args ...any) { fmt.Fprintf(b.log, format+"\n", args...) }

// each makes so many runs of a measurement, which have the numbers from 1.
func (b *bench) each(name string, runs int, run func(number uint64) error) error {
	for i := range runs {
		b.say("%s: run %d of %d", name, i+1, runs)
		if err := run(uint64(i) + 1); err != nil {
			return fmt.Errorf("run %d: %w", i+1, err)
		}
	}
	return nil
}

// bounded bounds the time of a run of so many revocations, far above what it can need.
func bounded(ctx context.Context, revocations int) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, time.Minute+time.Duration(revocations)*time.Second/10)
}
