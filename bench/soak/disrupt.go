package main

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"receiptrevoker/tasks/wait"
)

// disrupted says how often what was done, and when the last of it was over. The
// outages of gateways are not counted. mu guards the other fields while disruptions run; after
// disrupt has returned they are read without it.
type disrupted struct {
	mu        sync.Mutex
	times     map[kind]int
	lastFault time.Time
}

// over notes that a disruption is over. One that was broken off, since the run ended, counts too.
func (d *disrupted) over(k kind) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.times[k]++
	d.lastFault = time.Now()
}

// disrupt carries every disruption out at its time, and returns when all are over, or with the first
// error. Disruptions of different kinds overlap, and so do those of one worker: it may be killed
// while it is frozen.
func (k *soak) disrupt(ctx context.Context) (*disrupted, error) {
	result := &disrupted{times: make(map[kind]int), lastFault: time.Now()}
	// A restart that falls into another one waits for it, and so comes later than planned.
	var redis sync.Mutex // one restart at a time
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

// restart kills Redis with SIGKILL and starts it again after a while, on the files that it left. As
// before each start of Redis in production, mend-aof takes an unfinished write off the append-only
// file first (bench/redistest/redisserver).
func (k *soak) restart(ctx context.Context, down time.Duration) error {
	k.redis.Kill()
	k.say("%5.1fs  Redis is down for %v", time.Since(k.began).Seconds(), down.Round(time.Millisecond))
	if err := wait.For(ctx, down); err != nil {
		return err
	}
	return k.redis.Up(ctx)
}
