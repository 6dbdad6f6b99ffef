package gate

import (
	"context"
	"errors"
	"strings"
	"time"
)

// closeTimeout bounds the closing of a gate, for which the call that failed
// waits.
const closeTimeout = 2 * time.Second

// maxReason is how much of a reason is kept, in bytes: it may quote PortOne.
const maxReason = 300

// Report says what the call came to. A failure is counted, and closes a gate if
// there are enough: the caller then knows whether one has closed, here or in another
// process. A success that is not needed anywhere costs no round trip.
func (c *Call) Report(ctx context.Context, result Result) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	c.said = result.Signs
	err := c.note(ctx, PortOne, result.PortOne, c.portone, result)
	return errors.Join(err, c.note(ctx, Of(c.pg), result.Gateway, c.own, result))
}

// note tells a gate what the call says about it.
func (c *Call) note(ctx context.Context, name Name, said Evidence, epoch int64, result Result) error {
	g := c.gates
	switch said {
	case Silent:
		return nil
	case Answered:
		return g.succeed(ctx, name, result.ImpUID, c.probe || name != PortOne)
	}
	f := failure{epoch: epoch, owner: g.process, cause: cut(result.Cause)}
	if !result.Suspect {
		f.impUID = result.ImpUID
	}
	if name == PortOne {
		f.reason = cut(g.portOneFailed(said, epoch, result))
	}
	g.mu.Lock()
	told := g.gates[name].succeeded
	f.succeeded = g.gates[name].success
	g.mu.Unlock()
	s, err := g.store.fail(ctx, name, f, g.config)
	if err == nil {
		g.take(name, s, told)
	}
	return err
}

func cut(text string) string { return strings.ToValidUTF8(text[:min(len(text), maxReason)], "") }

// succeed notes a success of this process. Redis is told at once if that opens the
// gate; else with the next failure, or by the keeper. PortOne's gate opens on that of
// a probe alone.
func (g *Gates) succeed(ctx context.Context, name Name, impUID string, opens bool) error {
	g.mu.Lock()
	l := g.gates[name]
	l.succeeded, l.opens = time.Now(), opens
	l.success = g.redisTime(l.succeeded)
	if name == PortOne {
		l.window.add(impUID, false)
		g.letIn(l)
	}
	urgent := l.Closed && opens
	g.mu.Unlock()
	if !urgent {
		return nil
	}
	return g.tellSuccess(ctx, name)
}

// tellSuccess tells Redis of the last success of this process.
func (g *Gates) tellSuccess(ctx context.Context, name Name) error {
	g.mu.Lock()
	l := g.gates[name]
	told, said := l.succeeded, settlement{what: settleSucceeded, process: g.process, succeeded: l.success}
	if !l.opens {
		said.epoch = "none"
	}
	g.mu.Unlock()
	s, err := g.store.settle(ctx, name, said, g.config)
	if err == nil {
		g.take(name, s, told)
	}
	return err
}

// take takes over a gate that Redis has just told of a success at told.
func (g *Gates) take(name Name, s Snapshot, told time.Time) {
	g.mu.Lock()
	l, state := g.gates[name], s.Gates[name]
	changed := state.Closed != l.Closed
	g.adopt(name, l, state, s.Now)
	if l.told.Before(told) {
		l.told = told
	}
	g.mu.Unlock()
	if changed {
		g.nudge()
	}
}

// portOneFailed enters a failure in the window of PortOne's gate, and returns why
// the gate must close, or nothing.
func (g *Gates) portOneFailed(said Evidence, epoch int64, result Result) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	l := g.gates[PortOne]
	if l.Closed || l.Epoch != epoch {
		return ""
	}
	reason := result.Cause
	if said != Down {
		l.window.add(result.ImpUID, true)
		if reason = l.window.bad(); reason == "" {
			return ""
		}
		reason += " (" + result.Cause + ")"
	}
	if l.alone.refused(g.process) {
		g.standAside(l, reason)
		return ""
	}
	l.alone.closed = true
	return reason
}
