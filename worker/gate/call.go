package gate

import (
	"context"
	"fmt"
	"time"

	"receiptrevoker/tasks"
)

// Call is a call on its way through its gates.
type Call struct {
	gates *Gates
	pg    tasks.Gateway
	queue string
	probe bool
	// The epochs in which it began: what it says is about those.
	own, portone int64
	said         Signs
}

// Enter lets a call to a gateway for a task of a queue through, or returns a
// [*WaitError] if its gate, the rate and the people who pause queues do not within a second.
func (g *Gates) Enter(ctx context.Context, pg tasks.Gateway, queue string) (*Call, error) {
	deadline := time.Now().Add(longestWait)
	for {
		g.pauses.Renew(ctx)
		call, refused, changed := g.admit(pg, queue, false)
		left := time.Until(deadline)
		switch {
		case refused == nil:
			return call, g.limiter.await(ctx, pg, deadline)
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

// admit lets a call through if it may go now. Otherwise it returns when to look
// again, and what tells of it.
func (g *Gates) admit(pg tasks.Gateway, queue string, probe bool) (*Call, *WaitError, <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	own, portone := g.gates[Of(pg)], g.gates[PortOne]
	for i, refused := range []*WaitError{g.hold(now), g.paused(queue), g.shut(pg, now), portone.alone.aside(now)} {
		if refused != nil && (i < 2 || !probe) {
			return nil, refused, g.changed
		}
	}
	return &Call{gates: g, pg: pg, queue: queue, probe: probe, own: own.Epoch, portone: portone.Epoch}, nil, nil
}

// shut returns which gate before a gateway is closed and until when, or nil. The
// caller holds the lock.
func (g *Gates) shut(pg tasks.Gateway, now time.Time) *WaitError {
	for _, name := range []Name{PortOne, Of(pg)} {
		if l := g.gates[name]; l.Closed {
			wait := max(l.NextProbe.Sub(g.latest.Now)-now.Sub(g.seen), longestWait)
			return &WaitError{Gate: name, Wait: wait, text: fmt.Sprintf("the gate of %s is closed: %s", name, l.Reason)}
		}
	}
	return nil
}

// hold returns how long PortOne wants no calls, or nil. The caller holds the lock.
func (g *Gates) hold(now time.Time) *WaitError {
	wait := g.held.Sub(now)
	if wait <= 0 {
		return nil
	}
	return &WaitError{Wait: wait, text: fmt.Sprintf("PortOne wants no calls for %v", wait.Round(time.Second))}
}

// paused returns that a person has paused a queue, or nil.
func (g *Gates) paused(queue string) *WaitError {
	if reason := g.pauses.Refuse(queue); reason != "" {
		return &WaitError{Wait: longestWait, text: reason}
	}
	return nil
}

// EnterProbe lets the call of a probe through, which passes the gate that is
// closed, or returns a [*WaitError] if the rate does not within a second or a person has
// paused the queue. What it says about its gateway closes nothing; see [Call.Said].
func (g *Gates) EnterProbe(ctx context.Context, pg tasks.Gateway, queue string) (*Call, error) {
	g.pauses.Renew(ctx)
	call, refused, _ := g.admit(pg, queue, true)
	if refused != nil {
		return nil, refused
	}
	return call, g.limiter.await(ctx, pg, time.Now().Add(longestWait))
}

// Through reports whether the call went through the gate of a gateway.
func (c *Call) Through(pg tasks.Gateway) bool { return Of(pg) == Of(c.pg) }

// Said returns what was reported, the zero Signs if nothing was.
func (c *Call) Said() Signs { return c.said }

// Err returns a [*WaitError] if the call must not be made now although it went through:
// a gate has closed since, PortOne wants no calls, or a person has paused the queue. It may wait
// for Redis for half a second.
func (c *Call) Err(ctx context.Context) error {
	c.gates.pauses.Renew(ctx)
	if paused := c.gates.paused(c.queue); paused != nil {
		return paused
	}
	c.gates.mu.Lock()
	defer c.gates.mu.Unlock()
	now := time.Now()
	if held := c.gates.hold(now); held != nil {
		return held
	}
	if shut := c.gates.shut(c.pg, now); shut != nil && !c.probe {
		return shut
	}
	return nil
}

// Overtaken reports whether a gate has closed since the call went through, as it has
// for a probe: a failure is then one of many, and no attempt of its receipt's.
func (c *Call) Overtaken() bool {
	g := c.gates
	g.mu.Lock()
	defer g.mu.Unlock()
	own, portone := g.gates[Of(c.pg)], g.gates[PortOne]
	return own.Epoch != c.own || portone.Epoch != c.portone || own.Closed || portone.Closed
}
