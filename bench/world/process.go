package world

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker"
	"receiptrevoker/worker/backoff"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/iamport"
	"receiptrevoker/worker/iamport/iamporttest"
)

const (
	// gateReceipts is how many receipts must fail for a gate to close. The default of 80 is more
	// than a seed has, 20 to 60 on three gateways.
	gateReceipts = 5
	// gatePoll is how often a process reads the gates: five times less than by default, since that
	// is most of what an idle worker does. It is the longest that [gate.Config] allows.
	gatePoll = time.Second
)

// client returns a Redis client of a host, whose commands are entered into the history. The
// caller closes it.
func (w *world) client(h *host) *client {
	options := optionsOf(h.name)
	faultless := options
	options.Dialer = h.dialer(redisName, w.redis.dial)
	faultless.Dialer = w.redis.dialDirect
	c := &client{redis.NewClient(&options), redis.NewClient(&faultless)}
	c.AddHook(recorder{w, h, h.name})
	return c
}

// startWorker starts a life of the worker with a number, from 0. Each life has a host of its own,
// as a container has: a connection of the one that died is none of the next.
func (w *world) startWorker(number int) {
	w.mu.Lock()
	w.lives[number]++
	name := fmt.Sprintf("worker-%d.%d", number, w.lives[number])
	w.mu.Unlock()
	p, err := w.startProcess(name)
	if err != nil {
		w.fail("", "%s not started: %v", name, err)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.workers[number] = p
}

// startProcess starts a complete worker on a host of that name, as revoker work would: only its
// connections, its log and a few settings are the simulation's. That it ends with an error is a
// failure of the run, whatever the faults: a worker has to outlast all of them.
func (w *world) startProcess(name string) (*process, error) {
	h := w.newHost(name)
	client := w.client(h)
	api, err := iamport.NewClient(iamport.Config{
		URL: "http://portone.invalid", Key: iamporttest.DefaultKey, Secret: iamporttest.DefaultSecret,
		Dial: h.dialer(portoneName, func() (net.Conn, error) { return w.portone.dial(h.name) }),
	})
	if err != nil {
		return nil, err
	}
	// Gates and single requests share one patience: awaitEnd waits for both by the same value.
	works, err := worker.New(worker.Config{
		Redis: client, API: api, Outcomes: outcome.NewStore(client, outcome.Config{}),
		Concurrency: 4, Poll: w.scenario.Poll,
		Schedule:    backoff.Schedule{Attempts: w.scenario.Attempts, Max: w.scenario.MaxDelay},
		Gate:        gate.Config{Receipts: gateReceipts, Patience: w.scenario.Patience, Poll: gatePoll},
		GiveUpAfter: w.scenario.Patience,
		Log:         slog.New(&listener{world: w, who: name}),
	})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(w.ctx)
	p := &process{host: h, stop: cancel, done: make(chan struct{})}
	w.running.Go(func() {
		defer close(p.done)
		defer client.Close()
		if err := works.Run(ctx); err != nil {
			w.fail("", "%s ended: %v", h.name, err)
		}
	})
	return p, nil
}

// kill kills a worker, unless it is dead: what it has sent takes effect, and nothing else. Its
// goroutines cannot be ended from outside as a process can. So the host is cut off first, and
// thawed, since a goroutine that waits in a frozen host would never end; then Run is stopped,
// and what it still does to leave in good order reaches no server.
func (w *world) kill(p *process) {
	p.dies.Do(func() {
		w.mu.Lock()
		w.result.Kills++
		w.mu.Unlock()
		p.host.kill()
		p.host.thaw()
		p.stop()
	})
}
