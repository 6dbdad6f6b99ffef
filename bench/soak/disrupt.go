package main

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"receiptrevoker/tasks/wait"
)

// disrupted says how often each kind of disruption was carried out, and when the last of them was
// over: from then on the time to the last outcome is measured. Outages of gateways are not counted;
// a gate deals with them.
type disrupted struct {
	mu        sync.Mutex
	times     map[kind]int
	lastFault time.Time
}

// over notes that a disruption is over.
func (d *disrupted) over(k kind) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.times[k]++
	d.lastFault = time.Now()
}

// disrupt carries every disruption out at its time, and returns once all are over.
func (k *soak) disrupt(ctx context.Context) (*disrupted, error) {
	result := &disrupted{times: make(map[kind]int), lastFault: time.Now()}
	// One restart of Redis at a time: killing one that is down would do nothing.
	var redis sync.Mutex
	done, ctx := errgroup.WithContext(ctx)
	for _, d := range k.plan.disruptions {
		done.Go(func() error {
			if err := k.at(ctx, d.at); err != nil {
				return err
			}
			switch d.kind {
			case outage:
				k.portone.SetOutage(d.pg, true)
				defer k.portone.SetOutage(d.pg, false)
				return wait.For(ctx, d.lasts)
			case restartRedis:
				redis.Lock()
				defer redis.Unlock()
				defer result.over(d.kind)
				return k.restart(ctx, d.lasts)
			case freezeWorker:
				defer result.over(d.kind)
				// The worker is frozen here, and continues when this function returns.
				defer k.workers.freeze(d.worker)()
				k.say("%5.1fs  worker %d is frozen for %v", time.Since(k.began).Seconds(), d.worker, d.lasts.Round(time.Second))
				return wait.For(ctx, d.lasts)
			}
			defer result.over(d.kind)
			return k.workers.kill(d.worker)
		})
	}
	return result, done.Wait()
}

// restart kills Redis and starts it again after a while, with its append-only file mended as README
// says.
func (k *soak) restart(ctx context.Context, down time.Duration) error {
	k.redis.Kill()
	k.say("%5.1fs  Redis is down for %v", time.Since(k.began).Seconds(), down.Round(time.Millisecond))
	if err := wait.For(ctx, down); err != nil {
		return err
	}
	return k.redis.Up(ctx)
}
