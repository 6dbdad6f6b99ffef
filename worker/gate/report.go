package gate

import (
	"context"
	"errors"
	"strings"
	"time"
)

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
	case RevokedBefore:
		return g.restart(ctx, name)
	case Answered:
		return g.succeed(ctx, name, result.ImpUID, c.probe)
	}
	f := failure{epoch: epoch, owner: g.process, cause: cut(result.Cause)}
	if name == PortOne {
		f.reason = cut(g.portOneFailed(said, epoch, result))
	}
	g.mu.Lock()
	l := g.gates[name]
	f.succeeded = l.success
	if name == PortOne || result.Since.IsZero() || result.Since.After(l.success) && result.Since.After(l.SucceededAt) {
		f.impUID = result.ImpUID
	}
	g.mu.Unlock()
	s, err := g.store.fail(ctx, name, f, g.config)
	if is := s.Gates[name]; is.Closed || is.Waived {
		f.succeeded = time.Time{} // the gate has still to be told by itself
	}
	return g.take(name, s, err, f.succeeded)
}

func cut(text string) string { return strings.ToValidUTF8(text[:min(len(text), maxReason)], "") }

// restart makes the count of failed receipts begin anew, and opens the gate if it is closed.
func (g *Gates) restart(ctx context.Context, name Name) error {
	if !g.States()[name].attentive() {
		return nil
	}
	return g.settle(ctx, name, settlement{what: settleOpen, process: g.process})
}

// succeed notes a success of this process. Redis is told at once if that opens the
// gate; else with the next failure, or by the keeper. PortOne's gate opens on that of
// a probe alone. A probe was made after the gate had closed, whatever the clocks say.
func (g *Gates) succeed(ctx context.Context, name Name, impUID string, probe bool) error {
	g.mu.Lock()
	l := g.gates[name]
	l.success, l.untold, l.opens = g.Now(), true, probe || name != PortOne
	if closed := time.UnixMicro(l.Epoch + 1); probe && l.Closed && closed.After(l.success) {
		l.success = closed
	}
	if name == PortOne {
		l.window.add(impUID, false)
		l.alone.letIn(g.log)
	}
	urgent := l.Closed && l.opens
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
	said := settlement{what: settleSucceeded, process: g.process, succeeded: l.success}
	if !l.opens {
		said.epoch = "none"
	}
	g.mu.Unlock()
	return g.settle(ctx, name, said)
}

// settle tells a gate what follows, and takes over how it stands then.
func (g *Gates) settle(ctx context.Context, name Name, said settlement) error {
	s, err := g.store.settle(ctx, name, said, g.config)
	return g.take(name, s, err, said.succeeded)
}

// take takes over a gate as Redis returned it when it was told of a success.
func (g *Gates) take(name Name, s Snapshot, err error, told time.Time) error {
	if err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	l, state := g.gates[name], s.Gates[name]
	if state.Closed != l.Closed {
		g.nudge()
	}
	g.adopt(name, l, state, s.Now)
	l.untold = l.untold && !l.success.Equal(told)
	return nil
}

// portOneFailed enters a failure in the window of PortOne's gate, and returns why
// the gate must close, or nothing.
func (g *Gates) portOneFailed(said Evidence, epoch int64, result Result) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	l := g.gates[PortOne]
	since := result.TurnedAway
	suspect := !since.IsZero() && (since.Before(l.success) || since.Before(l.SucceededAt))
	if l.Closed || l.Epoch != epoch || said == Failed && suspect {
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
	if said != Limited && l.alone.refused(g.process) {
		l.alone.standAside(time.Now().Add(g.config.ProbeMax), reason, g.log)
		l.window.entries = nil
		return ""
	}
	l.alone.closed = said != Limited
	return reason
}
