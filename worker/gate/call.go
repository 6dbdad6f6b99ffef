package gate

import (
	"context"
	"fmt"
	"math"
	"time"

	"receiptrevoker/tasks"
)

const (
	// firstWidth is how many calls at a time of a process a gate lets through
	// when it opens. Every step it lets twice as many through.
	firstWidth = 2
	rampStep   = 500 * time.Millisecond
	// rampSteps is after how many it lets all through.
	rampSteps = 10
	// rampMinimum is how many calls are enough to close it again meanwhile.
	rampMinimum = 6
)

// WaitError says that a call must wait for longer than it may hold a slot.
type WaitError struct {
	// Gate is the gate that is closed, empty if too many calls are made.
	Gate Name
	Wait time.Duration // until it is worth trying again
	text string
}

func (e *WaitError) Error() string { return e.text }

// Call is a call on its way through its gates.
type Call struct {
	gates *Gates
	pg    tasks.Gateway
	probe bool
	// The epochs in which it began: what it says is about those.
	own, portone int64
	said         Signs
}

// Enter lets a call to a gateway through, or returns a [*WaitError] if its gate
// and the rate do not within a second. The caller ends the call with
// [Call.Leave].
func (g *Gates) Enter(ctx context.Context, pg tasks.Gateway) (*Call, error) {
	deadline := time.Now().Add(longestWait)
	for {
		call, refused, changed := g.admit(pg)
		left := time.Until(deadline)
		switch {
		case refused == nil:
			return call.paced(ctx, deadline)
		case left <= 0:
			return nil, refused
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-changed:
		case <-time.After(min(left, refused.Wait)):
		}
	}
}

// paced returns the call once the rate allows it, or ends it.
func (c *Call) paced(ctx context.Context, deadline time.Time) (*Call, error) {
	if err := c.gates.await(ctx, c.pg, deadline); err != nil {
		c.Leave()
		return nil, err
	}
	return c, nil
}

// admit lets a call through if it may go now. Otherwise it returns when to look
// again, and what tells of it.
func (g *Gates) admit(pg tasks.Gateway) (*Call, *WaitError, <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	own, portone := g.before(pg)
	wait := g.refusal(pg, now)
	if wait != nil {
		return nil, wait, g.changed
	}
	own.running++
	return &Call{gates: g, pg: pg, own: own.Epoch, portone: portone.Epoch}, nil, nil
}

// refusal returns why a call may not go now, or nil. The caller holds the lock.
func (g *Gates) refusal(pg tasks.Gateway, now time.Time) *WaitError {
	own, portone := g.before(pg)
	if wait := g.hold(now); wait != nil {
		return wait
	}
	for _, name := range []Name{PortOne, Of(pg)} {
		if l := g.gates[name]; l.Closed {
			wait := max(l.NextProbe.Sub(g.latest.Now)-now.Sub(g.seen), longestWait)
			return &WaitError{Gate: name, Wait: wait, text: fmt.Sprintf("the gate of %s is closed: %s", name, l.Reason)}
		}
	}
	if wait := portone.aside(now); wait != nil {
		return wait
	}
	if width, full := min(own.width(now), portone.width(now)), own.running; full >= width {
		return &WaitError{Gate: Of(pg), Wait: rampStep, text: fmt.Sprintf("the gate of %s has just opened", Of(pg))}
	}
	return nil
}

// hold returns how long PortOne wants no calls, or nil. The caller holds the
// lock.
func (g *Gates) hold(now time.Time) *WaitError {
	wait := g.held.Sub(now)
	if wait <= 0 {
		return nil
	}
	return &WaitError{Wait: wait, text: fmt.Sprintf("PortOne wants no calls for %v", wait.Round(time.Second))}
}

// width returns how many calls at a time an open gate lets through.
func (l *local) width(now time.Time) int {
	step := l.step(now)
	if step >= rampSteps {
		return math.MaxInt
	}
	return firstWidth << step
}

// step returns how many steps a gate has been open for.
func (l *local) step(now time.Time) int {
	if l.opened.IsZero() {
		return rampSteps
	}
	return min(max(int(now.Sub(l.opened)/rampStep), 0), rampSteps)
}

// EnterProbe lets the call of a probe through, which passes the gate that is
// closed, or returns a [*WaitError] if the rate does not within a second. What
// it says about its gateway closes nothing; see [Call.Said].
func (g *Gates) EnterProbe(ctx context.Context, pg tasks.Gateway) (*Call, error) {
	g.mu.Lock()
	if wait := g.hold(time.Now()); wait != nil {
		g.mu.Unlock()
		return nil, wait
	}
	own, portone := g.before(pg)
	own.running++
	call := &Call{gates: g, pg: pg, probe: true, own: own.Epoch, portone: portone.Epoch}
	g.mu.Unlock()
	return call.paced(ctx, time.Now().Add(longestWait))
}

// Said returns what was reported, the zero Signs if nothing was.
func (c *Call) Said() Signs { return c.said }

// Leave ends the call.
func (c *Call) Leave() {
	g := c.gates
	g.mu.Lock()
	defer g.mu.Unlock()
	own, portone := g.before(c.pg)
	own.running--
	if now := time.Now(); own.step(now) < rampSteps || portone.step(now) < rampSteps {
		g.broadcast()
	}
}

// Err returns a [*WaitError] if a gate has closed since the call went through.
func (c *Call) Err() error {
	if c.probe {
		return nil
	}
	c.gates.mu.Lock()
	defer c.gates.mu.Unlock()
	for _, name := range []Name{PortOne, Of(c.pg)} {
		if l := c.gates.gates[name]; l.Closed {
			return &WaitError{Gate: name, Wait: longestWait, text: fmt.Sprintf("the gate of %s is closed: %s", name, l.Reason)}
		}
	}
	return nil
}

// Overtaken reports whether a gate has closed since the call went through: a
// failure is then one of many, and no attempt of its receipt's. That of a probe
// is one too, but for a gate that has been closed for half a day: by then it
// is the receipts that fail.
func (c *Call) Overtaken() bool {
	g := c.gates
	g.mu.Lock()
	defer g.mu.Unlock()
	own, portone := g.before(c.pg)
	if c.probe && own.Closed && !portone.Closed {
		return g.latest.Now.Sub(own.Since) < patience
	}
	return own.Epoch != c.own || portone.Epoch != c.portone || own.shut() || portone.shut()
}

// shut reports whether a gate is closed, or this process is just closing it.
func (l *local) shut() bool { return l.Closed || l.closing }

// patience is for how long the failure of a probe counts for nothing. It is
// twice what gateways announce for their longest maintenance, and longer than
// the schedule of retries would have taken.
const patience = 12 * time.Hour
