package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/internal/benchredis"
	"receiptrevoker/bench/internal/contender"
	"receiptrevoker/bench/internal/loopback"
	"receiptrevoker/bench/internal/scene"
	"receiptrevoker/tasks"
	"receiptrevoker/worker/iamport/iamporttest"
)

const (
	// growthWindow is over how many receipts a case of growth is measured.
	growthWindow = 10_000
	// growthWarm is how many receipts come before those that are measured: they pay for connecting, for
	// loading scripts and for the first look at each queue.
	growthWarm = 500
	// growthWaiting is how many receipts wait at first where that is not what grows: more than the
	// window and the receipts before it, so that no slot is idle in it.
	growthWaiting = 12_000
)

// growthNote is on how growth is made.
const growthNote = "growth: one list, no latency of PortOne, 20 slots of each gateway in each process; Redis with " +
	benchredis.OnDiskText + "; CPU time of what is measured is that of all processes together, between the 500th " +
	"receipt and the 10,500th, or the last."

// growth is a case of the measurement of the same name: how much of each thing there is.
type growth struct {
	name    string
	waiting int
	// gateways is how many of them have receipts that wait. 12 are all that are known, and the common
	// queue of tasks that name none.
	gateways  int
	processes int
	distance  time.Duration // of a round trip to Redis
	// outcomes is how many are stored before, as of lists that have ended.
	outcomes int
}

// growths returns the cases in which one thing grows, by the name by which [measurements] asks for it.
// All else has the same value in each of them.
func (b *bench) growths(what string) (all []growth) {
	add := func(n any, change func(*growth)) {
		g := growth{waiting: growthWaiting, gateways: 1, processes: 1, name: fmt.Sprintf("growth, %v %s", n, what)}
		change(&g)
		all = append(all, g)
	}
	// Each case has several times as much as the one before: a cost that depends on it rises from
	// row to row of the table.
	switch what {
	case "waiting":
		for n := 1_000; n <= b.most; n *= 10 {
			add(n, func(g *growth) { g.waiting = n })
		}
	case "gateways":
		for _, n := range []int{1, 4, len(tasks.Gateways()) + 1} {
			add(n, func(g *growth) { g.gateways = n })
		}
	case "processes":
		for _, n := range []int{1, 4, 16, 64} {
			add(n, func(g *growth) { g.processes = n })
		}
	case "to Redis":
		for _, d := range []time.Duration{0, time.Millisecond, 10 * time.Millisecond} {
			add(d, func(g *growth) { g.distance = d })
		}
	case "outcomes":
		for n := 10_000; n <= b.most; n *= 10 {
			add(n, func(g *growth) { g.outcomes = n })
		}
	}
	return all
}

// grow measures what a revocation costs while one thing grows: a cost that grows along is one that a
// larger user will meet.
func (b *bench) grow(ctx context.Context, what string) error {
	return b.each("growth, "+what, b.runs, func(uint64) error {
		for _, g := range b.growths(what) {
			if err := b.growthCase(ctx, g); err != nil {
				return fmt.Errorf("%s: %w", g.name, err)
			}
		}
		return nil
	})
}

// growthCase measures one case: it enqueues receipts, starts the processes, and reads CPU times
// when the first receipts are revoked and when the window is.
func (b *bench) growthCase(ctx context.Context, g growth) error {
	ctx, cancel := bounded(ctx, g.waiting+g.outcomes)
	defer cancel()
	s, err := scene.New(ctx, iamporttest.Config{}, contender.Job{})
	if err != nil {
		return err
	}
	defer s.Close()
	// The workers alone are far away. The measurement itself reads Redis directly, or it would be late.
	if g.distance > 0 {
		network, err := loopback.Delay(s.Redis.Addr, g.distance/2)
		if err != nil {
			return err
		}
		defer network.Close()
		s.Job.RedisAddr = network.Addr
	}
	if err := store(ctx, s.Redis.Client, g.outcomes); err != nil {
		return err
	}
	var list []tasks.Revocation
	// The empty gateway is the common queue. A case with more gateways has those of the case before.
	of := append([]tasks.Gateway{gateway, ""}, others...)
	for _, pg := range tasks.Gateways() {
		if !slices.Contains(of, pg) {
			of = append(of, pg)
		}
	}
	for i := range g.waiting {
		list = append(list, s.PortOne.Issue(iamporttest.Receipt{PG: of[i%g.gateways]}))
	}
	if err := s.AskBatch(ctx, "growth", list); err != nil {
		return err
	}
	memory, err := s.Redis.Memory(ctx)
	if err != nil {
		return err
	}
	if err := s.Start(ctx, g.processes); err != nil {
		return err
	}
	// A list of 1,000 has no window of 10,000: it is measured from a tenth of it on to its end.
	warm := min(growthWarm, g.waiting/10)
	most := min(growthWindow+warm, g.waiting)
	began, before, err := g.mark(ctx, s, warm)
	if err != nil {
		return err
	}
	ended, after, err := g.mark(ctx, s, most)
	if err != nil {
		return err
	}
	count := float64(most - warm)
	add := func(what, format string, value float64) { b.table.figure(g.name+": "+what, "", format).add(value) }
	add("receipts a second", "%.0f/s", count/ended.Sub(began).Seconds())
	add("CPU of the processes, of each", "%.0f µs", float64((after.cpu-before.cpu).Microseconds())/count)
	add("CPU of Redis, of each", "%.0f µs", float64((after.store-before.store).Microseconds())/count)
	add("memory of Redis", "%.0f MB", float64(memory)/1e6)
	return nil
}

// mark waits until so many receipts are revoked, and returns when that was and what the processes and
// Redis have used by then. The number is the simulated PortOne's: reading Redis for it would add to
// what is measured. CPU times are read a moment later, by which more than so many are revoked; over
// 10,000 receipts that is no error worth naming.
func (g growth) mark(ctx context.Context, s *scene.Scene, revoked int) (at time.Time, used spent, err error) {
	// The count of PortOne's statistics needs no look at each receipt, of which there may be a
	// million.
	err = s.Await(ctx, scene.Every, func() (int, error) {
		return max(revoked-s.PortOne.Simulated.Stats().Revoked, 0), nil
	})
	if err != nil {
		return at, used, err
	}
	at = time.Now()
	if used.store, err = s.Redis.CPU(ctx); err != nil {
		return at, used, err
	}
	for _, process := range s.Workers {
		cpu, err := process.CPU()
		if err != nil {
			return at, used, err
		}
		used.cpu += cpu
	}
	return at, used, nil
}

// store writes outcomes and requests as they are after a list has ended, by which Redis grows. They are
// written directly, since to revoke a million receipts takes far longer. The fields are those that
// tasks/outcome writes: where these change, they have to change here, or the memory of another hash is
// measured.
func store(ctx context.Context, client *redis.Client, outcomes int) error {
	const together = 1_000
	now := strconv.FormatInt(time.Now().UnixMicro(), 10)
	date := time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
	for first := 0; first < outcomes; first += together {
		_, err := client.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i := first; i < min(first+together, outcomes); i++ {
				impUID := fmt.Sprintf("imp_9%011d", i)
				// A thousand imp_uids a round trip: they begin with imp_9, so that none of them is
				// one of the list's.
				p.HSet(ctx, "{receipt}:outcome:"+impUID, "imp_uid", impUID, "pg", string(gateway), "batch", "past",
					"status", "revoked", "reason", "revoked", "http_status", 200, "code", 0, "attempts", 1,
					"receipt_tid", "tid_"+impUID, "apply_num", i, "type", "person", "amount", 11_000, "vat", 1_000,
					"receipt_url", "https://iniweb.inicis.com/receipt?tid="+impUID, "applied_at", date,
					"cancelled_at", date, "first_attempt_at", date, "updated_at", date, "request", now)
				p.HSet(ctx, "{receipt}:request:"+impUID, "id", now, "in:past", fmt.Sprintf("%d %s", i, gateway),
					"pg", string(gateway), "batch", "past")
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("store outcomes: %w", err)
		}
	}
	return nil
}
