package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"receiptrevoker/bench/internal/benchredis"
	"receiptrevoker/bench/internal/contender"
	"receiptrevoker/bench/internal/portone"
	"receiptrevoker/bench/internal/scene"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/iamport/iamporttest"
)

// throughput measures how fast a batch of one gateway is worked off by a worker
// that is started on it. Calls as fast as the slots allow would be 100 %.
func (b *bench) throughput(ctx context.Context) error {
	l := load{revocations: b.large, batch: "bench", latency: 200 * time.Millisecond}
	l.job = contender.Job{Slots: 200, Profile: b.profile}
	ideal := float64(l.job.Slots) / l.latency.Seconds()
	return b.each("throughput", b.runs, func(uint64) error {
		took, err := l.carryOut(ctx)
		if err != nil {
			return err
		}
		rate := float64(l.revocations) / took.time.Seconds()
		b.table.figure(fmt.Sprintf("throughput: %d receipts, %d slots, latency %v", l.revocations, l.job.Slots, l.latency),
			"", "%.0f/s").add(rate)
		b.table.figure(fmt.Sprintf("throughput: share of slots ÷ latency, %.0f/s", ideal), "≥ 90 %", "%.1f %%").
			add(100 * rate / ideal)
		return nil
	})
}

// cpu measures the CPU time of one more revocation, by the worker and by the bare handler,
// and of Redis meanwhile: what a large load takes beyond a small one, so that starting,
// connecting and stopping are left out. Both take turns, so that what slows the machine
// down for a while meets both.
func (b *bench) cpu(ctx context.Context) error {
	jobs := []contender.Job{
		{Slots: 50, Profile: b.profile},
		{Slots: 50, Kind: contender.BareEach, Gateways: []tasks.Gateway{gateway}},
	}
	return b.each("cpu", b.runs, func(uint64) error {
		var process, redis [2]float64 // microseconds
		for _, size := range []int{b.small, b.large} {
			for i, job := range jobs {
				if size == b.small {
					job.Profile = ""
				}
				took, err := load{revocations: size, latency: 20 * time.Millisecond, job: job}.carryOut(ctx)
				if err != nil {
					return err
				}
				process[i] = float64(took.cpu.Microseconds()) - process[i]
				redis[i] = float64(took.redis.Microseconds()) - redis[i]
			}
		}
		more := float64(b.large - b.small)
		b.table.figure("CPU per revocation: worker", "", "%.0f µs").add(process[0] / more)
		b.table.figure("CPU per revocation: bare handler", "", "%.0f µs").add(process[1] / more)
		b.table.figure("CPU per revocation: worker ÷ bare handler", "≤ 1.5", "%.2f").add(process[0] / process[1])
		b.table.figure("CPU per revocation: Redis, asked by the worker", "", "%.0f µs").add(redis[0] / more)
		return nil
	})
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
	// redis is the server's CPU time, from the start of the process until every
	// task is completed.
	redis time.Duration
}

// carryOut enqueues a load, starts a process that works it off, and stops it once
// every task is completed.
func (l load) carryOut(ctx context.Context) (took spent, err error) {
	ctx, cancel := bounded(ctx, l.revocations)
	defer cancel()
	cfg := iamporttest.Config{Latency: iamporttest.Latency{Median: l.latency}}
	s, err := scene.New(ctx, benchredis.InMemory, cfg, l.job)
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
	took.redis = after - before
	if took.cpu, err = s.Workers[0].Stop(); err != nil {
		return took, err
	}
	took.time = span(s.PortOne)
	return took, errors.Join(s.PortOne.Once(), l.check(ctx, s))
}

// workOff starts a process and waits until it has nothing left to do.
func (l load) workOff(ctx context.Context, s *scene.Scene) error {
	if err := s.Start(ctx, 1); err != nil {
		return err
	}
	if err := s.AwaitNone(ctx, portone.Seen.Open); err != nil {
		return err
	}
	return s.AwaitIdle(ctx)
}

// span returns the time from the first DELETE's arrival to the last one's answer.
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
