package main

import (
	"context"
	"fmt"
	"time"

	"receiptrevoker/tasks"
	"receiptrevoker/worker/backoff"
	"receiptrevoker/worker/gate"
)

const (
	// mixedProcesses work, with mixedSlots for each gateway.
	mixedProcesses = 3
	mixedSlots     = 20
	mixedLatency   = 100 * time.Millisecond
	// mixedGateway is the one whose receipts fail, but for the part restart.
	mixedGateway = tasks.KCP
)

// mixedNote is on how mixed is made.
const mixedNote = "mixed: three workers of 20 slots, API latency 100 ms, default schedule and gates; " +
	"Redis with " + onDiskText + ". " +
	"Bare is Asynq's server with a handler that makes the same DELETEs and lookups on the same slots and schedule: " +
	"it looks up before a repeated DELETE and after a 500, and has no gates and no outcomes."

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

var defaultSizes = mixedSizes{
	list: 3_000, warm: 500, limit: 5 * time.Minute,
	beside: 10_000, singles: 20, ahead: 5 * time.Second, apart: 3 * time.Second,
	hand:  2_000,
	crash: 4_000, until: 2 * time.Second, away: 45 * time.Second, recover: time.Minute,
	brownout: time.Minute,
}

// mixedPart is a part of mixed.
type mixedPart struct {
	name string
	make func(*bench, context.Context) ([]row, error)
}

func mixedParts() (parts []mixedPart) {
	for _, failing := range []float64{0, 30, 50, 80, 95} {
		parts = append(parts, mixedPart{fmt.Sprint(failing), func(b *bench, ctx context.Context) ([]row, error) {
			return b.mixedLists(ctx, failing)
		}})
	}
	return append(parts,
		mixedPart{"sorted", (*bench).mixedSorted},
		mixedPart{"single", (*bench).mixedSingle},
		mixedPart{"hand", (*bench).mixedHand},
		mixedPart{"restart", (*bench).mixedRestart},
		mixedPart{"brownout", (*bench).mixedBrownout},
		mixedPart{"hopeless", (*bench).mixedHopeless},
	)
}

func mixedNames() (names []string) {
	for _, part := range mixedParts() {
		names = append(names, part.name)
	}
	return names
}

// mixed measures how much receipts that fail permanently, or for a while, delay
// those that do not, beside a bare handler that holds nothing back.
func (b *bench) mixed(ctx context.Context) ([]row, error) {
	var rows []row
	for _, part := range mixedParts() {
		if !b.cases.has(part.name) {
			continue
		}
		more, err := part.make(b, ctx)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", part.name, err)
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

// eachSeed calls f with the seeds in turn, and says of which part.
func (b *bench) eachSeed(part string, f func(seed uint64) error) error {
	for seed := range b.seeds {
		b.say("mixed: %s, seed %d of %d", part, seed+1, b.seeds)
		if err := f(uint64(seed) + 1); err != nil {
			return fmt.Errorf("seed %d: %w", seed+1, err)
		}
	}
	return nil
}

// contestant is who works in a run of mixed.
type contestant struct {
	name     string
	bare     bareMode
	schedule backoff.Schedule // of revoker; zero for the default
	gate     gate.Config      // of revoker; zero for the default
}

var (
	mixedBare    = contestant{name: "bare", bare: bareLookups}
	mixedRevoker = contestant{name: "revoker"}
)
