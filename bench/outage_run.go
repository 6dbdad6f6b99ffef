package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"receiptrevoker/bench/internal/contender"
	"receiptrevoker/bench/internal/portone"
	"receiptrevoker/bench/internal/scene"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/wait"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/iamport/iamporttest"
)

// outage measures six gateways while one of them goes down and comes back. It is made once, whatever
// the number of runs: it takes minutes.
func (b *bench) outage(ctx context.Context, o outage) error {
	return b.each("outage: "+o.name, 1, func(uint64) error {
		found, err := b.runOutage(ctx, o)
		if err == nil {
			o.show(&b.table, found)
		}
		return err
	})
}

// runOutage sets the scene, and waits until every worker serves queues before time is taken.
func (b *bench) runOutage(ctx context.Context, o outage) (r outageResult, err error) {
	ctx, cancel := context.WithTimeout(ctx, b.quiet+b.down+drainLimit+time.Minute)
	defer cancel()
	cfg := iamporttest.Config{Latency: iamporttest.Latency{Median: outageLatency}}
	s, err := scene.New(ctx, cfg, contender.Job{
		Kind: o.kind, Slots: outageSlots, Gateways: append([]tasks.Gateway{gateway}, others...),
	})
	if err != nil {
		return r, err
	}
	defer s.Close()
	if err := s.Serve(ctx, outageProcesses); err != nil {
		return r, err
	}
	return b.timeline(ctx, s, o)
}

// timeline is a quiet time, the outage, and the return. Receipts of all gateways are asked for evenly
// all the while.
func (b *bench) timeline(ctx context.Context, s *scene.Scene, o outage) (r outageResult, err error) {
	load := &producers{scene: s}
	asking, stop := context.WithCancel(ctx)
	// Deferred calls run in reverse order: the producers are told to stop, and then waited for.
	defer load.running.Wait()
	defer stop()
	for _, pg := range others {
		load.start(asking, pg, outageRate)
	}
	stopDown := load.start(asking, gateway, outageRate)
	if r.quiet, err = b.quietly(ctx, s); err != nil {
		return r, err
	}
	down := time.Now()
	s.PortOne.Simulated.SetOutage(gateway, true)
	if o.failing > 0 {
		s.PortOne.Inject(iamporttest.Rule{PG: gateway, Fault: iamporttest.GatewayFailed, Receipts: o.failing})
	}
	stopMore := func() {}
	if o.atOnce {
		// The backlog comes in one go here. The even load on the gateway ends before it, or there would
		// be more than that.
		stopDown()
		err = s.AskMany(ctx, s.PortOne.IssueMany(gateway, b.backlog))
	} else {
		// The backlog is made of what is asked for during the outage. The even load counts to it.
		stopMore = load.start(asking, gateway, float64(b.backlog)/b.down.Seconds()-outageRate)
	}
	if err == nil {
		err = b.meanwhile(ctx, s, o, down)
	}
	if err == nil {
		// Receipts that fail keep losing attempts after the return, which no gate can spare them. So
		// they are counted now.
		err = o.lost(ctx, s, &r, true)
	}
	if err != nil {
		return r, err
	}
	s.PortOne.Simulated.SetOutage(gateway, false)
	back := time.Now()
	stopDown()
	stopMore()
	r.during = stateOf(s, down, back)
	// Also receipts that fail are part of the backlog: they take slots as the others do.
	r.backlog = len(s.PortOne.Those(ofDown(func(seen portone.Seen) bool { return seen.Done.IsZero() })))
	if err := s.AwaitNone(ctx, ofDown(portone.Seen.Open)); err != nil {
		return r, err
	}
	r.drained = s.PortOne.LastDone(gateway).Sub(back)
	// Nothing may be asked for while the total is made.
	stop()
	load.running.Wait()
	return r, o.total(ctx, s, &r)
}

// ofDown narrows a condition to receipts of the gateway that goes down.
func ofDown(such func(portone.Seen) bool) func(portone.Seen) bool {
	return func(seen portone.Seen) bool { return seen.PG == gateway && such(seen) }
}

// quietly returns how gateways are served while all are up, measured over the last two thirds of the
// quiet time.
func (b *bench) quietly(ctx context.Context, s *scene.Scene) (found state, err error) {
	// By then every queue is served: queues come into being with their first task.
	if err := wait.For(ctx, b.quiet/3); err != nil {
		return found, err
	}
	began := time.Now()
	if err := wait.For(ctx, b.quiet*2/3); err != nil {
		return found, err
	}
	return stateOf(s, began, time.Now()), nil
}

// stateOf returns how the gateways that do not fail were served in a time. The wait is that of receipts
// that were asked for in it, and the rate that of receipts that were done in it. Receipts not called
// yet have no wait to count.
func stateOf(s *scene.Scene, from, to time.Time) (found state) {
	var waits []time.Duration
	done := 0
	s.PortOne.Each(func(_ string, seen portone.Seen) {
		switch {
		case seen.PG == gateway:
			return
		case seen.Asked.After(from) && seen.Asked.Before(to) && !seen.Called.IsZero():
			waits = append(waits, seen.Called.Sub(seen.Asked))
		}
		if seen.Done.After(from) && seen.Done.Before(to) {
			done++
		}
	})
	slices.Sort(waits)
	if len(waits) > 0 {
		found.pickup = waits[len(waits)/2]
	}
	found.throughput = float64(done) / to.Sub(from).Seconds()
	return found
}

// meanwhile waits for the end of the outage that began at down. If a worker is to be killed, that
// happens half-way, when its gate is closed and probes come seldom.
func (b *bench) meanwhile(ctx context.Context, s *scene.Scene, o outage, down time.Time) error {
	if o.kill {
		if err := wait.For(ctx, b.down/2); err != nil {
			return err
		}
		if err := replaceOwner(ctx, s); err != nil {
			return err
		}
	}
	return wait.For(ctx, time.Until(down.Add(b.down)))
}

// replaceOwner kills the process that closed the gate and starts another. On a busy machine it takes a
// while until one has closed it, so that it is awaited. The gate's owner is the name of a worker, which
// has its process ID between colons: "host:4711:…".
func replaceOwner(ctx context.Context, s *scene.Scene) error {
	store, owner := gate.NewStore(s.Redis.Client, ""), -1
	err := s.Await(ctx, scene.Every, func() (int, error) {
		snapshot, err := store.Poll(ctx)
		held := snapshot.Gates[gate.Of(gateway)]
		owner = slices.IndexFunc(s.Workers, func(process *contender.Process) bool {
			return strings.Contains(held.Owner, ":"+strconv.Itoa(process.PID())+":")
		})
		if held.Closed && owner >= 0 {
			return 0, err
		}
		return 1, err
	})
	if err != nil {
		return fmt.Errorf("wait for a process that closes the gate: %w", err)
	}
	fmt.Fprintf(os.Stderr, "outage: killed process %d, which owned the gate\n", s.Workers[owner].PID())
	s.Workers[owner].Kill()
	s.Workers = slices.Delete(s.Workers, owner, owner+1)
	return s.Start(ctx, 1)
}

// lost adds to r the attempts that receipts lost: those of receipts that fail, or those of receipts
// that do not, of which the last attempt was not lost. A bare worker keeps no outcomes to read them
// from; see [outage.total].
func (o outage) lost(ctx context.Context, s *scene.Scene, r *outageResult, failing bool) error {
	if o.kind.Bare() {
		return nil
	}
	kept := 1
	if failing {
		kept = 0
	}
	list := s.PortOne.Those(ofDown(func(seen portone.Seen) bool { return seen.Fails == failing }))
	outcomes, err := s.Outcomes(ctx, list)
	r.burn(outcomes, kept)
	return err
}

// total writes into r what the outage cost in the end. A bare worker has no outcomes: each of its calls
// during the outage is an attempt that was lost, and what it gave up is in Asynq's archive.
func (o outage) total(ctx context.Context, s *scene.Scene, r *outageResult) error {
	r.calls = s.PortOne.Simulated.Stats().DuringOutage
	if !o.kind.Bare() {
		letters, err := outcome.NewStore(s.Redis.Client, outcome.Config{}).DeadLetters(ctx)
		r.dead = int(letters)
		return errors.Join(err, o.lost(ctx, s, r, false))
	}
	// A bare worker's last call revokes the receipt, and all before were lost.
	_, most := s.PortOne.Deletes(s.PortOne.Those(ofDown(func(seen portone.Seen) bool { return !seen.Fails })))
	r.burned, r.most = r.calls, most-1
	queues, err := asynqkeys.Read(ctx, s.Redis.Client, []string{tasks.Queue{PG: gateway}.Name()})
	if err == nil {
		r.dead = int(queues[0].Archived)
	}
	return err
}

// producers ask for receipts, each of them evenly.
type producers struct {
	scene   *scene.Scene
	running sync.WaitGroup
}

// start starts a producer that asks for rate receipts of a gateway a second, until end is called or ctx
// ends. A rate of 0 or below starts none: the backlog may be smaller than what comes evenly.
func (p *producers) start(ctx context.Context, pg tasks.Gateway, rate float64) (end func()) {
	ctx, end = context.WithCancel(ctx)
	if rate <= 0 {
		return end
	}
	p.running.Go(func() {
		ticker := time.NewTicker(time.Duration(float64(time.Second) / rate))
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			// The request itself is not cut off in the middle by the end: the simulated PortOne has
			// counted it as asked for, so that it must be queued.
			err := p.scene.Ask(context.WithoutCancel(ctx), p.scene.PortOne.Issue(iamporttest.Receipt{PG: pg}))
			if err != nil {
				// The run will not end, since that receipt is awaited and never enqueued: this line
				// says why.
				fmt.Fprintln(os.Stderr, "bench:", err)
			}
		}
	})
	return end
}
