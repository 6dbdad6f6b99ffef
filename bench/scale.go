package main

import (
	"context"
	"fmt"
	"time"
)

// crowds are how many workers scale puts on the same queue.
var crowds = []int{1, 4, 16}

// scale measures how fast a batch of one gateway is worked off by several
// workers with the slots that they have by default. Calls as fast as the slots
// of all allow would be 100 %.
func (b *bench) scale(ctx context.Context) ([]row, error) {
	var rows []row
	for _, workers := range crowds {
		l := load{
			revocations: b.large / 10 * workers, batch: "bench",
			workers: workers, slots: 20, latency: 200 * time.Millisecond,
		}
		ideal := float64(workers*l.slots) / l.latency.Seconds()
		share := row{
			name:   fmt.Sprintf("scale: %d workers of %d slots: share of %.0f/s", workers, l.slots, ideal),
			target: "≥ 90 %", format: "%.1f %%",
		}
		for run := range b.runs {
			b.say("scale: %d workers, run %d of %d", workers, run+1, b.runs)
			took, err := b.carryOut(ctx, l)
			if err != nil {
				return nil, err
			}
			share.add(100 * float64(l.revocations) / took.time.Seconds() / ideal)
		}
		rows = append(rows, share)
	}
	return rows, nil
}
