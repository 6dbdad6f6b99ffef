package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"receiptrevoker/bench/internal/benchredis"
	"receiptrevoker/bench/internal/contender"
	"receiptrevoker/bench/internal/portone"
	"receiptrevoker/bench/internal/postgres"
	"receiptrevoker/bench/internal/scene"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/iamport/iamporttest"
)

// onDiskNote is on how pickup and speed are made.
const onDiskNote = "pickup, speed: Redis with " + benchredis.OnDiskText + "; one gateway; bare Asynq is its server " +
	"with a handler that makes the DELETE and writes an outcome in one HSET, and nothing else; River has Postgres with " +
	postgres.SettingsText + ", and writes the outcome with the job."

// speedSlots is how many slots the gateway has whose receipts are revoked: at 200 ms a call, 1,000
// a second are the most.
const speedSlots = 200

// rival is one who revokes in the measurement speed, and how.
type rival struct {
	name     string
	carryOut func(ctx context.Context, revocations int, latency time.Duration) (spent, error)
}

// rivals returns the contenders. The last one is what the others are compared with: Asynq's own
// server with a handler that makes the same call and writes an outcome in one HSET.
func (b *bench) rivals(ctx context.Context) ([]rival, error) {
	own := func(name, batch string, kind contender.Kind) rival {
		return rival{name, func(ctx context.Context, revocations int, latency time.Duration) (spent, error) {
			l := load{revocations: revocations, batch: batch, latency: latency}
			l.job = contender.Job{Slots: speedSlots, Kind: kind, Gateways: []tasks.Gateway{gateway}}
			// The large run alone is profiled, since in the small one the start weighs most.
			if kind == contender.Revoker && revocations == b.large {
				l.job.Profile = b.profile
			}
			return l.carryOut(ctx)
		}}
	}
	all := []rival{own("revoker, a list", "bench", contender.Revoker), own("revoker, one by one", "", contender.Revoker)}
	if b.ownOnly {
		return append(all, own("bare Asynq", "", contender.BareEach)), nil
	}
	program, err := b.river(ctx)
	switch {
	case errors.Is(err, postgres.ErrNotInstalled):
		b.say("River is not measured: %v", err)
	case err != nil:
		return nil, err
	default:
		all = append(all, rival{"River", program.carryOut})
	}
	return append(all, own("bare Asynq", "", contender.BareEach)), nil
}

// speed measures how fast receipts of one gateway are revoked by a process that is started on them,
// and the CPU time of one more, of the process and of its store: what a large load takes beyond a
// small one, divided by the difference in receipts, so that starting, connecting and stopping are
// left out. All take turns, so that what slows the machine down for a while meets each.
func (b *bench) speed(ctx context.Context, latency time.Duration) error {
	rivals, err := b.rivals(ctx)
	if err != nil {
		return err
	}
	return b.each(fmt.Sprintf("speed at %v", latency), b.runs, func(uint64) error {
		// Each rival does both loads before the next one begins: what is subtracted was measured
		// moments apart.
		small, large := make([]spent, len(rivals)), make([]spent, len(rivals))
		for i, r := range rivals {
			var err error
			if small[i], err = r.carryOut(ctx, b.small, latency); err != nil {
				return fmt.Errorf("%s: %w", r.name, err)
			}
			if large[i], err = r.carryOut(ctx, b.large, latency); err != nil {
				return fmt.Errorf("%s: %w", r.name, err)
			}
		}
		b.compare(latency, rivals, small, large)
		return nil
	})
}

// compare enters what the rivals needed for a small and for a large load.
func (b *bench) compare(latency time.Duration, rivals []rival, small, large []spent) {
	more := float64(b.large - b.small)
	cost := func(i int) (process, store float64) { // of one revocation, in microseconds
		return float64((large[i].cpu - small[i].cpu).Microseconds()) / more,
			float64((large[i].store - small[i].store).Microseconds()) / more
	}
	rate := func(i int) float64 { return float64(b.large) / large[i].time.Seconds() }
	bare := len(rivals) - 1
	bareProcess, bareStore := cost(bare)
	for i, r := range rivals {
		add := func(what, target, format string, value float64) {
			b.table.figure(fmt.Sprintf("speed at %v, %s: %s", latency, r.name, what), target, format).add(value)
		}
		process, store := cost(i)
		add("receipts a second", "", "%.0f/s", rate(i))
		// Without latency the slots are no limit, and there is nothing to take a share of.
		if latency > 0 {
			add("share of slots ÷ latency", "", "%.1f %%", 100*rate(i)*latency.Seconds()/speedSlots)
		}
		add("CPU of the process, of each", "", "%.0f µs", process)
		add("CPU of its store, of each", "", "%.0f µs", store)
		// The product alone has targets: it has gates, leases and a sweeper that its rivals do not
		// have, and they may cost half as much again.
		if strings.HasPrefix(r.name, "revoker") {
			add("receipts a second ÷ bare Asynq", "≥ 0.75", "%.2f", rate(i)/rate(bare))
			add("CPU of both ÷ bare Asynq", "≤ 1.5", "%.2f", (process+store)/(bareProcess+bareStore))
		}
	}
}

// load is a number of revocations, and who carries them out.
type load struct {
	revocations int
	batch       string        // of all of them; empty for single ones
	latency     time.Duration // of PortOne
	job         contender.Job
}

// spent is what a load took.
type spent struct {
	time time.Duration // from the first DELETE's arrival to the last one's answer
	cpu  time.Duration // of the process, from its start to its end
	// store is the CPU time of Redis or Postgres, from the start of the process until every
	// task is completed.
	store time.Duration
}

// carryOut enqueues a load, starts a process that works it off, and stops it once every task is
// completed. It returns an error if any receipt was called twice or not at all, or if a batch did
// not count it: such a run is void.
func (l load) carryOut(ctx context.Context) (took spent, err error) {
	ctx, cancel := bounded(ctx, l.revocations)
	defer cancel()
	cfg := iamporttest.Config{Latency: iamporttest.Latency{Median: l.latency}}
	s, err := scene.New(ctx, cfg, l.job)
	if err != nil {
		return took, err
	}
	defer s.Close()
	ask := s.AskMany
	if l.batch != "" {
		ask = func(ctx context.Context, list []tasks.Revocation) error { return s.AskBatch(ctx, l.batch, list) }
	}
	if err := ask(ctx, s.PortOne.IssueMany(gateway, l.revocations)); err != nil {
		return took, err
	}
	// Enqueueing is over by now, so that the time of Redis is that of the work alone.
	before, err := s.Redis.CPU(ctx)
	if err != nil {
		return took, err
	}
	if err := l.workOff(ctx, s); err != nil {
		return took, err
	}
	after, err := s.Redis.CPU(ctx)
	if err != nil {
		return took, err
	}
	took.store = after - before
	if took.cpu, err = s.Workers[0].Stop(); err != nil {
		return took, err
	}
	took.time = span(s.PortOne)
	return took, errors.Join(s.PortOne.Once(), l.check(ctx, s))
}

// workOff starts a process and waits until it has nothing left to do: first until PortOne has
// revoked all, which costs Redis nothing to see, then until Asynq has no task left.
func (l load) workOff(ctx context.Context, s *scene.Scene) error {
	if err := s.Start(ctx, 1); err != nil {
		return err
	}
	if err := s.AwaitNone(ctx, portone.Seen.Open); err != nil {
		return err
	}
	return s.AwaitIdle(ctx)
}

// span returns the time from the first DELETE's arrival to the last one's answer. PortOne's side
// tells it, so that it is the same for all rivals, and the start of a process is not in it.
func span(s *portone.Server) time.Duration {
	var first, last time.Time
	s.Each(func(_ string, seen portone.Seen) {
		if first.IsZero() || seen.Called.Before(first) {
			first = seen.Called
		}
		if seen.Done.After(last) {
			last = seen.Done
		}
	})
	return last.Sub(first)
}

// check returns an error unless a load's batch, if it is one, has counted all of it.
func (l load) check(ctx context.Context, s *scene.Scene) error {
	if l.batch == "" {
		return nil
	}
	batch, err := outcome.NewStore(s.Redis.Client, outcome.Config{}).Batch(ctx, l.batch)
	if err != nil {
		return err
	}
	if batch.Revoked != l.revocations || !batch.Finished() {
		return fmt.Errorf("the run is void: the batch was to have %d revoked, but it is %+v", l.revocations, batch)
	}
	return nil
}
