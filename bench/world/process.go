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
	// gateReceipts is how many receipts must fail for a gate to close: few, since a scenario
	// has few of each gateway.
	gateReceipts = 5
	// gatePoll is how often a worker reads the gates. It spares most of the work of idle
	// workers, of which a simulated hour is full.
	gatePoll = time.Second
)

// client returns a Redis client of a host, whose commands meet the faults of its network and
// are entered into the history.
func (w *world) client(h *host) *client {
	options := optionsOf(h.name)
	faultless := options
	options.Dialer = h.dialer(redisName, w.redis.dial)
	faultless.Dialer = w.redis.dialDirect
	c := &client{redis.NewClient(&options), redis.NewClient(&faultless)}
	c.AddHook(recorder{w, h, h.name})
	return c
}

// startWorker starts a life of the worker with a number. Each life has a name of its own,
// worker-0.1, worker-0.2 and so on, so that the history tells them apart.
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

// startProcess starts a complete worker as `revoker work` does: only what it dials, its log and
// its durations are the simulation's.
func (w *world) startProcess(name string) (*process, error) {
	h := w.newHost(name)
	client := w.client(h)
	api, err := iamport.NewClient(iamport.Config{
		// The name is never looked up: Dial leads to the simulation. ".invalid" is reserved for
		// such a use, see RFC 2606.
		URL: "http://portone.invalid", Key: iamporttest.DefaultKey, Secret: iamporttest.DefaultSecret,
		Dial: h.dialer(portoneName, func() (net.Conn, error) { return w.portone.dial(h.name) }),
	})
	if err != nil {
		return nil, err
	}
	works, err := worker.New(worker.Config{
		Redis: client, API: api, Outcomes: outcome.NewStore(client, outcome.Config{}),
		// Four slots are few enough to be full while a gateway hangs.
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
// goroutines are ended by its context, which cannot reach anything any more.
func (w *world) kill(p *process) {
	p.dies.Do(func() {
		w.mu.Lock()
		w.result.Kills++
		w.mu.Unlock()
		p.host.kill()
		// A goroutine of a frozen host would wait for ever, and the bubble with it.
		p.host.thaw()
		p.stop()
	})
}
