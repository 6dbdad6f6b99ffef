package main

import (
	"context"
	"time"
)

// cpu measures the CPU time of one more revocation, by the worker and by the
// bare handler: what a large load takes beyond a small one, so that starting,
// connecting and stopping are left out.
func (b *bench) cpu(ctx context.Context) ([]row, error) {
	ours := row{name: "CPU per revocation: worker", format: "%.0f µs"}
	bare := row{name: "CPU per revocation: bare handler", format: "%.0f µs"}
	ratio := row{name: "CPU per revocation: worker ÷ bare handler", target: "≤ 1.5", format: "%.2f"}
	for run := range b.runs {
		b.say("cpu: run %d of %d", run+1, b.runs)
		a, z, err := b.cpuPair(ctx)
		if err != nil {
			return nil, err
		}
		ours.add(a)
		bare.add(z)
		ratio.add(a / z)
	}
	return []row{ours, bare, ratio}, nil
}

// cpuPair returns the CPU time of one more revocation, in microseconds. The two
// kinds take turns, so that what slows the machine down for a while meets both.
func (b *bench) cpuPair(ctx context.Context) (ours, bare float64, err error) {
	for _, size := range []struct {
		revocations int
		sign        float64
		profiled    bool
	}{{b.small, -1, false}, {b.large, +1, true}} {
		for _, kind := range []struct {
			bare   bool
			suffix string
			sum    *float64
		}{{false, "", &ours}, {true, ".bare", &bare}} {
			l := load{revocations: size.revocations, slots: 50, latency: 20 * time.Millisecond, bare: kind.bare}
			if size.profiled && b.profile != "" {
				l.profile = b.profile + kind.suffix
			}
			took, err := b.carryOut(ctx, l)
			if err != nil {
				return 0, 0, err
			}
			*kind.sum += size.sign * float64(took.cpu.Microseconds()) / float64(b.large-b.small)
		}
	}
	return ours, bare, nil
}
