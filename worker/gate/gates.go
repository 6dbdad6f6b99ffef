package gate

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"receiptrevoker/worker/pace"
	"receiptrevoker/worker/pause"
)

// closeTimeout bounds the telling of a gate, for which the call waits. No reply is overtaken
// by one that is newer by twice that: then Redis' clock was set back.
const closeTimeout = 2 * time.Second

// Gates is what one process knows of the gates. Asking it costs no round trip:
// it looks at a copy that is a fraction of a second old.
type Gates struct {
	// Pace tells how often [Gates.Run] asks; nil for as often as the settings say. It is set before.
	Pace *pace.Pace

	store   *Store
	config  Config
	process string
	log     *slog.Logger
	wake    chan struct{} // something is to be done at once
	turned  atomic.Pointer[time.Time]
	pauses  *pause.View
	limiter limiter

	mu      sync.Mutex
	gates   map[Name]*local
	held    time.Time     // until when PortOne wants no calls
	changed chan struct{} // closed when a call that waits should look again
	latest  Snapshot
	seen    time.Time // when latest was read
}

// local is a gate in this process.
type local struct {
	State
	asOf    time.Time // when it stood so, on Redis' clock
	success time.Time // the last of this process, on Redis' clock
	untold  bool      // Redis may need to know of it
	opens   bool      // it opens the gate, if that is closed
	window  window    // of PortOne's gate
	alone   alone     // of PortOne's gate
}

// New returns the gates of a process, all of them open.
func New(store *Store, config Config, process string, log *slog.Logger) *Gates {
	g := &Gates{
		store: store, config: config.WithDefaults(), process: process, log: log,
		limiter: limiter{store, config.Rate, log}, pauses: pause.NewView(store.pauses),
		wake: make(chan struct{}, 1), changed: make(chan struct{}), gates: make(map[Name]*local),
	}
	for _, name := range names() {
		g.gates[name] = &local{}
	}
	return g
}

// Refresh reads what all processes know by now, and returns it.
func (g *Gates) Refresh(ctx context.Context) (Snapshot, error) {
	asked := time.Now()
	s, err := g.store.Poll(ctx)
	if err != nil {
		return s, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.latest, g.seen = s, time.Now()
	if held := g.seen.Add(s.Hold); s.Hold > 0 || g.held.Before(asked) {
		g.held = held
	}
	for name, state := range s.Gates {
		l := g.gates[name]
		g.adopt(name, l, state, s.Now)
		l.untold = l.untold && (l.attentive() || l.success.After(s.Now))
	}
	return s, nil
}

// adopt takes a state over, unless a newer one is known: replies overtake each
// other. One that is much newer is of a clock that was set back. The caller holds the
// lock.
func (g *Gates) adopt(name Name, l *local, state State, asOf time.Time) {
	if newer := l.asOf.Sub(asOf); newer > 0 && newer < 2*closeTimeout {
		return
	}
	l.asOf = asOf
	if l.Epoch != state.Epoch || l.Closed != state.Closed {
		g.tell(name, l.State, state)
		if state.Closed && state.Owner == g.process {
			l.Closures++
		}
		l.window.entries = nil
		l.alone.follow(g.process, state)
		close(g.changed)
		g.changed = make(chan struct{})
	}
	state.Closures = l.Closures
	l.State = state
}

// Now returns the time on Redis' clock: no later than it is there, and earlier
// by at most a round trip; zero if Redis never answered. The caller holds the lock.
func (g *Gates) Now() time.Time {
	if g.latest.Now.IsZero() {
		return time.Time{}
	}
	return g.latest.Now.Add(time.Since(g.seen))
}

// tell writes a change of a gate to the log, once in each process, and as an alarm only by
// the process that closed it. A gate that closes again within a minute, as by a limit that
// PortOne sets to the account, alarms once.
func (g *Gates) tell(name Name, was, is State) {
	after := is.OpenedAt.Sub(was.Since).Round(time.Millisecond)
	switch {
	case is.Closed:
		level := slog.LevelInfo
		switch {
		case is.Owner != g.process, is.Since.Sub(was.OpenedAt) < time.Minute:
		case name == PortOne:
			level = slog.LevelError
		default:
			level = slog.LevelWarn
		}
		g.log.Log(context.Background(), level, "gate closed: tasks wait, and no attempt counts",
			"gate", string(name), "reason", is.Reason, "owner", is.Owner)
	case was.Closed && is.Epoch == 0:
		g.log.Warn("gate forgotten: Redis has lost it", "gate", string(name))
	case was.Closed && is.Waived:
		g.log.Warn("gate waived: nothing succeeds, so every receipt is called by its own schedule until something does",
			"gate", string(name), "after", after.String())
	case was.Closed:
		g.log.Info("gate open again", "gate", string(name), "after", after.String())
	}
}

// Closed returns an error that says why, if PortOne's gate is closed, or
// PortOne refuses this process alone.
func (g *Gates) Closed() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	l := g.gates[PortOne]
	if l.Closed {
		return fmt.Errorf("no calls since %s: %s", l.Since.Format(time.RFC3339), l.Reason)
	}
	if l.alone.reason != "" {
		return fmt.Errorf("PortOne refuses this process: %s", l.alone.reason)
	}
	return nil
}

// States returns the state of every gate, and how often this process closed it. The last
// success is that of this process if Redis knows of none that is later.
func (g *Gates) States() map[Name]State {
	g.mu.Lock()
	defer g.mu.Unlock()
	states := make(map[Name]State, len(g.gates))
	for name, l := range g.gates {
		state := l.State
		if l.success.After(state.SucceededAt) { // Redis need not know
			state.SucceededAt = l.success
		}
		states[name] = state
	}
	return states
}

// Turned returns when [Gates.Run] last made a turn, the zero time while it is not
// running. It makes one after every few commands, whether or not Redis answers.
func (g *Gates) Turned() (last time.Time) {
	if at := g.turned.Load(); at != nil {
		last = *at
	}
	return last
}

func (g *Gates) turn() { g.turned.Store(new(time.Now())) }

// Hold keeps all processes from calling for the given time, this one at once.
func (g *Gates) Hold(ctx context.Context, wait time.Duration) error {
	g.mu.Lock()
	if until := time.Now().Add(wait); until.After(g.held) {
		g.held = until
	}
	g.mu.Unlock()
	return g.store.hold(ctx, wait)
}

// nudge makes the keeper look at once.
func (g *Gates) nudge() {
	select {
	case g.wake <- struct{}{}:
	default:
	}
}
