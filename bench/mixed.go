package main

import (
	"context"
	"fmt"
	"time"

	"receiptrevoker/bench/internal/benchredis"
	"receiptrevoker/bench/internal/contender"
	"receiptrevoker/bench/internal/scene"
	"receiptrevoker/tasks"
	"receiptrevoker/worker/iamport/iamporttest"
)

const (
	// mixedProcesses work, with mixedSlots for each gateway.
	mixedProcesses = 3
	// mixedSlots is the default of --concurrency.
	mixedSlots = 20
	// mixedLatency is what a fast gateway takes. The faster the answers, the more a wait weighs.
	mixedLatency = 100 * time.Millisecond
)

// mixedNote is on how mixed is made.
const mixedNote = "mixed: three workers of 20 slots, API latency 100 ms, default schedule and gates; " +
	"Redis with " + benchredis.OnDiskText + ". " +
	"Bare is Asynq's server with a handler that makes the same DELETEs and lookups on the same slots and schedule: " +
	"it looks up before a repeated DELETE and after a 500, and has no gates and no outcomes."

// defaultSizes are those with which the figures in bench/README.md were made; tests use smaller ones.
var defaultSizes = mixedSizes{
	list: 3_000, warm: 500, limit: 5 * time.Minute,
	beside: 10_000, singles: 20, ahead: 5 * time.Second, apart: 3 * time.Second,
	hand:  2_000,
	crash: 4_000, until: 2 * time.Second, away: 45 * time.Second, recover: time.Minute,
	brownout: time.Minute,
}

// The contenders of mixed, which measures how much receipts that fail permanently, or for a while,
// delay those that do not, beside a bare handler that holds nothing back. mixedRevoker is for parts
// about outcomes, which a bare handler does not have.
var (
	mixedRevoker = []contender.Job{{}}
	mixedBoth    = []contender.Job{{Kind: contender.BareLookups}, {}}
)

// part is a part of mixed: one situation that each contender meets from the beginning.
type part struct {
	name string
	unit string // of what is measured, with its format
	who  []contender.Job
	// act is done in a scene and returns what is measured of it.
	act func(ctx context.Context, s *scene.Scene) (float64, error)
	// show adds to the table what was measured, in the order of who.
	show func(found []float64)
}

// mixed has each contender of the parts act in a scene of its own, with each seed. All contenders meet
// the same seed, and so the same receipts fail for each of them.
func (b *bench) mixed(ctx context.Context, parts ...part) error {
	for _, p := range parts {
		err := b.each("mixed: "+p.name, b.seeds, func(seed uint64) error {
			// The contenders take turns within a seed, so that what slows the machine down meets
			// each.
			found := make([]float64, len(p.who))
			for i, job := range p.who {
				var err error
				if found[i], err = p.play(ctx, seed, job); err != nil {
					return fmt.Errorf("%s: %w", nameOf(job), err)
				}
				b.say("  %s: "+p.unit, nameOf(job), found[i])
			}
			p.show(found)
			return nil
		})
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

// against returns a function that shows counts of bare and of revoker, and the second in per cent
// of the first. It divides by at least 1, so that there is a figure also where the bare handler
// revoked nothing.
func (b *bench) against(name, target string) func(found []float64) {
	return func(found []float64) {
		b.table.figure(name+", bare", "", "%.0f").add(found[0])
		b.table.figure(name+", revoker", "", "%.0f").add(found[1])
		b.table.figure(name+", revoker against bare", target, "%.0f %%").add(100 * found[1] / max(found[0], 1))
	}
}

// slower returns a function that shows what bare and revoker took, in seconds, and in how many runs
// revoker kept to the limit, which depends on what bare took in the same run.
func (b *bench) slower(name, target string, limit func(bare float64) float64) func(found []float64) {
	return func(found []float64) {
		b.table.figure(name+", bare", "", "%.1f s").add(found[0])
		b.table.figure(name+", revoker", target, "%.1f s").within(found[1], limit(found[0]))
	}
}

// nameOf returns how the table and the log call a contender. The kinds of bare handlers do not meet in
// one part.
func nameOf(job contender.Job) string {
	if job.Kind.Bare() {
		return "bare"
	}
	return "revoker"
}

// play has one contender act in a scene of its own, once all its workers serve queues: starting them is
// not part of what is measured.
func (p part) play(ctx context.Context, seed uint64, job contender.Job) (float64, error) {
	// Six gateways are served although one has receipts: a real worker serves them all, and its
	// slots are its own.
	job.Slots, job.Gateways = mixedSlots, append([]tasks.Gateway{gateway}, others...)
	cfg := iamporttest.Config{Seed: seed, Latency: iamporttest.Latency{Median: mixedLatency}}
	s, err := scene.New(ctx, cfg, job)
	if err != nil {
		return 0, err
	}
	defer s.Close()
	if err := s.Serve(ctx, mixedProcesses); err != nil {
		return 0, err
	}
	return p.act(ctx, s)
}

// failing is a rule by which so many in a hundred receipts of the gateway fail permanently. Which ones,
// the seed decides: it is the same for every call and every contender.
func failing(share float64) iamporttest.Rule {
	return iamporttest.Rule{PG: gateway, Fault: iamporttest.GatewayFailed, Receipts: share}
}
