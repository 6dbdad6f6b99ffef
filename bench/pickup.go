package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/wait"
)

// mostIdle bounds the random pause before a sample. It is twice the worker's
// longest wait between two polls, and so leaves no phase out.
const mostIdle = 200 * time.Millisecond

// pickup measures the time from asking for a revocation, while the worker has
// nothing to do, to the DELETE's arrival.
func (b *bench) pickup(ctx context.Context) ([]row, error) {
	median := row{name: fmt.Sprintf("pickup: median of %d", b.samples), target: "< 100 ms", format: "%.0f ms"}
	p95 := row{name: "pickup: 95th percentile", format: "%.0f ms"}
	longest := row{name: "pickup: longest", format: "%.0f ms"}
	for run := range b.runs {
		b.say("pickup: run %d of %d", run+1, b.runs)
		waits, err := b.pickupRun(ctx)
		if err != nil {
			return nil, err
		}
		slices.Sort(waits)
		median.add(quantile(waits, 0.5))
		p95.add(quantile(waits, 0.95))
		longest.add(quantile(waits, 1))
	}
	return []row{median, p95, longest}, nil
}

// pickupRun returns the times of all samples of one worker, in milliseconds.
// The revocation before the first brings its queue into being.
func (b *bench) pickupRun(ctx context.Context) ([]float64, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute+time.Duration(b.samples)*time.Second)
	defer cancel()
	portone, err := startSimulator(0, b.samples+1)
	if err != nil {
		return nil, err
	}
	defer portone.close()
	if err := b.redis.Empty(ctx); err != nil {
		return nil, err
	}
	process, err := startChild(ctx, job{RedisAddr: b.redis.Addr, URL: portone.url, Profile: b.profile})
	if err != nil {
		return nil, err
	}
	defer process.kill()

	client := enqueue.NewClient(b.redis.Client, enqueue.Config{})
	var waits []float64
	for i := range b.samples + 1 {
		asked := time.Now()
		if _, err := client.Revoke(ctx, tasks.Revocation{ImpUID: impUID(i), PG: gateway}); err != nil {
			return nil, err
		}
		arrived, err := await(ctx, process, portone.arrivals)
		if err != nil {
			return nil, err
		}
		if arrived.impUID != impUID(i) {
			return nil, fmt.Errorf("the run is void: %s arrived, not %s", arrived.impUID, impUID(i))
		}
		waits = append(waits, milliseconds(arrived.at.Sub(asked)))
		if err := wait.For(ctx, rand.N(mostIdle)); err != nil {
			return nil, err
		}
	}
	if _, err := process.stop(); err != nil {
		return nil, err
	}
	return waits[1:], portone.check()
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
