package gate

import (
	"context"
	"strings"
	"time"
)

// closeTimeout bounds the closing of a gate, for which the call that failed
// waits.
const closeTimeout = 2 * time.Second

// maxReason is how much of a reason is kept, in bytes: it may quote PortOne.
const maxReason = 300

// Report says what the call came to, and closes a gate if there were too many
// of the kind. After a failure the caller knows whether another process has
// closed one.
func (c *Call) Report(ctx context.Context, impUID string, signs Signs) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	c.said = signs
	g := c.gates
	note := note{impUID: impUID, evidence: signs.PortOne, cause: signs.Cause, epoch: c.portone}
	err := g.note(ctx, PortOne, note)
	if err == nil && !c.probe {
		note.evidence, note.epoch = signs.Gateway, c.own
		err = g.note(ctx, Of(c.pg), note)
	}
	if err == nil && (signs.PortOne >= Failed || signs.Gateway >= Failed) && !c.Overtaken() {
		err = g.Refresh(ctx)
	}
	return err
}

// note is what a call says about one gate.
type note struct {
	impUID   string
	evidence Evidence
	cause    string
	epoch    int64
}

// note enters what a call says about a gate, and closes the gate if it must be.
func (g *Gates) note(ctx context.Context, name Name, n note) error {
	reason, bad := g.enter(name, n)
	if !bad {
		return nil
	}
	reason = strings.ToValidUTF8(reason[:min(len(reason), maxReason)], "")
	c := closing{epoch: n.epoch, owner: g.process, reason: reason}
	epoch, err := g.store.close(ctx, name, c, g.config)

	g.mu.Lock()
	defer g.mu.Unlock()
	l := g.gates[name]
	l.closing = false
	if err == nil && epoch != 0 {
		now := time.Now()
		since := time.UnixMicro(epoch).UTC()
		l.set = now
		l.alone.closed = true
		g.adopt(name, l, State{
			Closed: true, Epoch: epoch, Owner: g.process, Reason: reason,
			Since: since, NextProbe: since.Add(g.config.Probe),
		})
	}
	g.nudge()
	return err
}

// enter enters what a call says, and reports whether the gate must be closed
// and why. The call after which it must be is told so alone.
func (g *Gates) enter(name Name, n note) (reason string, bad bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	l := g.gates[name]
	if n.evidence == Silent || l.Closed || l.closing || l.Epoch != n.epoch {
		return "", false
	}
	if n.evidence == Down {
		return n.cause, g.mustShut(name, l, n.cause)
	}
	minimum := g.config.Minimum
	if l.step(time.Now()) < rampSteps {
		minimum = min(rampMinimum, minimum)
	}
	l.window.add(n.impUID, n.evidence == Failed)
	if n.evidence <= Answered {
		if name == PortOne {
			g.letIn(l)
		}
		return "", false
	}
	if reason, bad = l.window.bad(g.config.Ratio, minimum); bad {
		reason += " (" + n.cause + ")"
		bad = g.mustShut(name, l, reason)
	}
	return reason, bad
}

// mustShut reports whether a gate that must be closed is to be closed for everybody,
// and not for this process alone. The caller holds the lock.
func (g *Gates) mustShut(name Name, l *local, reason string) bool {
	if name == PortOne && l.alone.refused(g.process) {
		g.standAside(l, reason)
		return false
	}
	l.closing = true
	return true
}
