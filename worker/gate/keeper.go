package gate

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"receiptrevoker/tasks"
)

// Prober makes a call that finds out whether what is behind a gate works.
type Prober interface {
	// Probe calls for a receipt that the gate holds back, and returns what that says about
	// the gate: [Silent] where none waits. queues are those that no person has paused.
	Probe(ctx context.Context, name Name, queues []string) Evidence
}

// keeper sees to it that queues are paused and gates probed, in every process;
// Redis decides who does what.
type keeper struct {
	gates    *Gates
	prober   Prober
	complain func(kind string, err error)
	tidier   tidier
	released map[Name]int64 // the epoch in which receipts were brought forward

	mu   sync.Mutex
	busy map[Name]bool // gates that this process probes
	jobs sync.WaitGroup
}

// Run keeps the gates until ctx is done. What fails for want of Redis is told to
// complain and tried again.
func (g *Gates) Run(ctx context.Context, prober Prober, complain func(kind string, err error)) {
	k := &keeper{
		gates: g, prober: prober, complain: complain, busy: make(map[Name]bool), released: make(map[Name]int64),
		tidier: tidier{gates: g, complain: complain, paused: make(map[string]int64)},
	}
	defer k.jobs.Wait()
	defer g.turned.Store(nil)
	for {
		if err := k.round(ctx); err != nil && ctx.Err() == nil {
			complain("gates", err)
		}
		wait, woken := g.Pace.Next(g.config.Poll)
		if g.Closed() != nil {
			wait = g.config.Poll // probes are due
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		case <-woken:
		case <-g.wake:
		}
	}
}

// round reads the gates, sees to the queues, and does what there is to do.
func (k *keeper) round(ctx context.Context) error {
	k.gates.turn()
	s, err := k.gates.Refresh(ctx)
	if err != nil {
		return err
	}
	for _, m := range s.mends {
		k.complain("invalid "+m.key+" "+m.field, m)
		err = errors.Join(err, m.do(ctx, k.gates.store.client))
	}
	err = errors.Join(err, k.tidier.tidy(ctx, s))
	for name, state := range s.Gates {
		k.gates.turn()
		err = errors.Join(err, k.tend(ctx, s, name, state))
	}
	return err
}

// tend does what there is to do at one gate.
func (k *keeper) tend(ctx context.Context, s Snapshot, name Name, state State) error {
	if k.gates.untold(name) {
		return k.gates.tellSuccess(ctx, name)
	}
	switch {
	case !state.Closed && !state.OpenedAt.IsZero() && k.released[name] != state.Epoch && k.gates.pauses.Known() != nil:
		err := k.gates.store.bringForward(ctx, name, k.queues(name))
		if err == nil {
			k.released[name] = state.Epoch
		}
		return err
	case s.Gates[PortOne].Closed && name != PortOne:
		return nil // PortOne's own gate is closed: probing a gateway tells nothing
	case state.Closed && !s.Now.Before(state.NextProbe):
		return k.assume(ctx, name, state.Epoch)
	}
	return nil
}

// untold reports whether this process had a success of which the gate should know.
func (g *Gates) untold(name Name) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	l := g.gates[name]
	return l.untold && l.attentive()
}

// assume asks for the probe of a gate, and makes it beside. One process makes it at
// a time; that this one still does is said again in every round.
func (k *keeper) assume(ctx context.Context, name Name, epoch int64) error {
	said := settlement{what: settleProbing, epoch: strconv.FormatInt(epoch, 10), process: k.gates.process}
	s, err := k.gates.store.settle(ctx, name, said, k.gates.config)
	k.mu.Lock()
	defer k.mu.Unlock()
	if err != nil || s.Gates[name].prober != k.gates.process || k.busy[name] {
		return err
	}
	k.busy[name] = true
	k.jobs.Go(func() {
		err := k.probe(ctx, name, said)
		k.mu.Lock()
		delete(k.busy, name)
		k.mu.Unlock()
		switch {
		case err == nil:
			k.gates.nudge()
		case ctx.Err() == nil:
			k.complain("probe", err)
		}
	})
	return nil
}

// probe makes a probe and tells all processes what follows.
func (k *keeper) probe(ctx context.Context, name Name, said settlement) error {
	said.what = settleSilent
	found := k.prober.Probe(ctx, name, k.queues(name))
	// The probe may have been made in the last moment of this process.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	switch {
	case found == Answered:
		return k.gates.succeed(ctx, name, "", true)
	case found >= Failed:
		said.what = settleFailed
	}
	return k.gates.settle(ctx, name, said)
}

// queues returns the queues behind a gate that no person has paused.
func (k *keeper) queues(name Name) []string {
	var queues []string
	for _, p := range k.gates.pauses.Known() {
		if q, ours := tasks.ParseQueue(p.Queue); ours && name.covers(q) && !p.ByPerson() {
			queues = append(queues, p.Queue)
		}
	}
	return queues
}
