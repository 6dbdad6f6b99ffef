package gate

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"receiptrevoker/tasks"
)

const (
	// pollEvery is how old what a process knows of the gates may be.
	pollEvery = 200 * time.Millisecond
	// tidyEvery is how often it is looked for pauses that a gate has left
	// behind, while no gate is closed.
	tidyEvery = time.Second
)

// Probed is what a probe found.
type Probed struct {
	// ImpUID is the receipt that was called for, empty if there was none.
	ImpUID   string
	Evidence Evidence
	// Idle reports that there was nothing to probe with.
	Idle bool
}

// Prober makes a call that finds out whether what is behind a gate works.
type Prober interface {
	// Probe calls for a receipt that the gate holds back, one that was not tried
	// before if there is one. queues are those that no person has paused.
	Probe(ctx context.Context, name Name, queues, tried []string) Probed
}

// keeper sees to it that queues are paused and gates probed, in every process;
// Redis decides who does what.
type keeper struct {
	*Gates
	prober   Prober
	complain func(kind string, err error)

	tidied time.Time
	pauses []Pause
	paused map[string]int64 // queues seen to be paused by a gate, and its epoch

	mu   sync.Mutex
	busy map[Name]bool // gates at which this process has a job
	jobs sync.WaitGroup
}

// Run keeps the gates until ctx is done. What fails for want of Redis is told to
// complain and tried again.
func (g *Gates) Run(ctx context.Context, prober Prober, complain func(kind string, err error)) {
	k := &keeper{
		Gates: g, prober: prober, complain: complain,
		paused: make(map[string]int64), busy: make(map[Name]bool),
	}
	defer k.jobs.Wait()
	defer g.turned.Store(nil)
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for {
		if err := k.round(ctx); err != nil && ctx.Err() == nil {
			complain("gates", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-g.wake:
		}
	}
}

// round reads the gates, sees to the queues, and takes the jobs that there are.
func (k *keeper) round(ctx context.Context) error {
	k.turn()
	if err := k.Refresh(ctx); err != nil {
		return err
	}
	s := k.snapshot()
	err := k.tidy(ctx, s)
	for name, state := range s.Gates {
		if s.Gates[PortOne].Closed && name != PortOne {
			continue // what it would find is known
		}
		if state.due(s.Now, k.process) {
			k.turn()
			err = errors.Join(err, k.assume(ctx, name))
		}
	}
	return err
}

func (g *Gates) snapshot() Snapshot {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.latest
}

// due reports whether there may be a job at the gate for this process.
func (s State) due(now time.Time, process string) bool {
	if s.leader != "" && s.leader != process && now.Before(s.leaderUntil) {
		return false
	}
	return s.Closed && !now.Before(s.NextProbe) || !s.Closed && !s.OpenedAt.IsZero() && !s.released
}

// assume asks for the job at a gate, and does it beside.
func (k *keeper) assume(ctx context.Context, name Name) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.busy[name] {
		return nil
	}
	job, epoch, err := k.store.lead(ctx, name, k.process, false)
	if err != nil || job == "" {
		return err
	}
	k.busy[name] = true
	k.jobs.Go(func() {
		ctx, lost := context.WithCancel(ctx)
		var beside sync.WaitGroup
		beside.Go(func() { k.prolong(ctx, name, lost) })
		err := k.do(ctx, job, name, epoch)
		if err != nil && ctx.Err() == nil {
			k.complain(job, err)
		}
		lost()
		beside.Wait()
		k.mu.Lock()
		delete(k.busy, name)
		k.mu.Unlock()
		if err == nil { // else the next round is soon enough
			k.nudge()
		}
	})
	return nil
}

func (k *keeper) do(ctx context.Context, job string, name Name, epoch int64) error {
	if job == jobProbe {
		return k.probe(ctx, name, epoch)
	}
	return k.bringForward(ctx, name, epoch)
}

// prolong says that this process lives while it has a job, and lets it know
// when it has lost it.
func (k *keeper) prolong(ctx context.Context, name Name, lost func()) {
	ticker := time.NewTicker(leaderLife / 5)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if job, _, err := k.store.lead(ctx, name, k.process, true); err == nil && job == "" {
			lost()
			return
		}
	}
}

// maxTried is how many receipts are remembered that a probe failed with.
const maxTried = 30

// probe makes a probe and lets all processes know what follows.
func (k *keeper) probe(ctx context.Context, name Name, epoch int64) error {
	tried := k.snapshot().Gates[name].tried
	found := k.prober.Probe(ctx, name, k.queues(name), tried)
	s := settlement{epoch: epoch, process: k.process, follows: settleAgain, tried: tried}
	switch {
	case found.Idle || found.Evidence == Answered:
		s.follows = settleOpen
	case found.Evidence >= Failed:
		s.follows = settleFailed
	}
	if found.ImpUID != "" && !slices.Contains(tried, found.ImpUID) {
		s.tried = append(tried, found.ImpUID)
		s.tried = s.tried[max(len(s.tried)-maxTried, 0):]
	}
	// The probe may have been made in the last moment of this process.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	_, err := k.store.settle(ctx, name, s, k.config.ProbeMax)
	return err
}

// queues returns the queues behind a gate that no person has paused.
func (k *keeper) queues(name Name) []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	var queues []string
	for _, p := range k.pauses {
		if q, ours := tasks.ParseQueue(p.Queue); ours && name.covers(q) && (!p.Paused || p.Gate != "") {
			queues = append(queues, p.Queue)
		}
	}
	return queues
}
