package main

import (
	"context"
	"fmt"
	"time"
)

// throughput measures how fast a batch of one gateway is worked off by a worker
// that is started on it. Calls as fast as the slots allow would be 100 %.
func (b *bench) throughput(ctx context.Context) ([]row, error) {
	l := load{
		revocations: b.large, batch: "bench", slots: 200, latency: 200 * time.Millisecond, profile: b.profile,
	}
	ideal := float64(l.slots) / l.latency.Seconds()
	rate := row{
		name:   fmt.Sprintf("throughput: %d receipts, %d slots, latency %v", l.revocations, l.slots, l.latency),
		format: "%.0f/s",
	}
	share := row{
		name:   fmt.Sprintf("throughput: share of slots ÷ latency, %.0f/s", ideal),
		target: "≥ 90 %", format: "%.1f %%",
	}
	for run := range b.runs {
		b.say("throughput: run %d of %d", run+1, b.runs)
		took, err := b.carryOut(ctx, l)
		if err != nil {
			return nil, err
		}
		each := float64(l.revocations) / took.time.Seconds()
		rate.add(each)
		share.add(100 * each / ideal)
	}
	return []row{rate, share}, nil
}
