package main

import (
	"context"
	"slices"
	"time"
)

// cpu measures the CPU time of one more revocation, by the worker and by the
// bare handler, and of Redis meanwhile.
func (b *bench) cpu(ctx context.Context) ([]row, error) {
	ours := row{name: "CPU per revocation: worker", format: "%.0f µs"}
	bare := row{name: "CPU per revocation: bare handler", format: "%.0f µs"}
	redis := row{name: "CPU per revocation: Redis, asked by the worker", format: "%.0f µs"}
	ratio := row{name: "CPU per revocation: worker ÷ bare handler", target: "≤ 1.5", format: "%.2f"}
	worker := load{slots: 50, latency: 20 * time.Millisecond, profile: b.profile}
	handler := worker
	handler.bare = bareGateway
	if b.profile != "" {
		handler.profile += ".bare"
	}
	for run := range b.runs {
		b.say("cpu: run %d of %d", run+1, b.runs)
		costs, err := b.perRevocation(ctx, worker, handler)
		if err != nil {
			return nil, err
		}
		ours.add(costs[0].worker)
		bare.add(costs[1].worker)
		redis.add(costs[0].redis)
		ratio.add(costs[0].worker / costs[1].worker)
	}
	return []row{ours, bare, ratio, redis}, nil
}

// cost is the CPU time of one more revocation, in microseconds.
type cost struct {
	worker float64 // of the process that works it off
	redis  float64 // of the server meanwhile
}

// perRevocation returns the cost of one more revocation of each kind: what a
// large load takes beyond a small one, so that starting, connecting and stopping
// are left out. The kinds take turns, so that what slows the machine down for a
// while meets all of them.
func (b *bench) perRevocation(ctx context.Context, kinds ...load) ([]cost, error) {
	costs := make([]cost, len(kinds))
	more := float64(b.large - b.small)
	for i, kind := range slices.Repeat(kinds, 2) {
		l, sign := kind, +1.0
		l.revocations = b.large
		if i < len(kinds) {
			l.revocations, l.profile, sign = b.small, "", -1
		}
		took, err := b.carryOut(ctx, l)
		if err != nil {
			return nil, err
		}
		of := &costs[i%len(kinds)]
		of.worker += sign * float64(took.cpu.Microseconds()) / more
		of.redis += sign * float64(took.redis.Microseconds()) / more
	}
	return costs, nil
}
