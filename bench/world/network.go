package world

import (
	"context"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// errDown is what a dial comes to where nobody listens, of the type that it has on a real
// network: go-redis repeats a command by the type of its error.
var errDown = &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}

// effect is what a network does to what is sent.
type effect int

const (
	delivered effect = iota // as on most days
	cutBefore               // the connection is cut, nothing arrives
	cutAfter                // it arrives, and the connection is cut before the answer
)

// most is how long the network takes for what is sent, at most. It also lets commands of
// different processes take effect at different times, so that their order depends on the
// seed rather than on the scheduler.
const most = 2 * time.Millisecond

// host is a machine with one process: all that this sends and receives passes through it.
type host struct {
	name string
	// fate says what becomes of what is sent to a server. It is called with chance's lock
	// held.
	fate func(server string, chance *rand.Rand) effect

	mu     sync.Mutex
	chance *rand.Rand
	conns  map[*conn]struct{}
	dead   bool
	left   int           // commands that are sent before death; none is set without death
	death  func()        // what happens then
	frozen chan struct{} // nil unless it is frozen; closed when it continues
	stops  bool          // whether it freezes as it begins an attempt
}

func newHost(name string, seed uint64, fate func(string, *rand.Rand) effect) *host {
	return &host{
		name: name, fate: fate, chance: rand.New(rand.NewPCG(seed, hashOf(name))), conns: make(map[*conn]struct{}),
	}
}

// hashOf returns a number of its own for each name (FNV-1a).
func hashOf(name string) uint64 {
	h := uint64(0xcbf29ce484222325)
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * 0x100000001b3
	}
	return h
}

// dial returns a connection of the host, made by dial.
func (h *host) dial(server string, dial func() (net.Conn, error)) (net.Conn, error) {
	h.whileFrozen()
	inner, err := dial()
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.dead {
		inner.Close()
		return nil, errDown
	}
	c := &conn{Conn: inner, host: h, server: server}
	h.conns[c] = struct{}{}
	return c, nil
}

// dialer returns dial in the shape that clients ask for.
func (h *host) dialer(server string, dial func() (net.Conn, error)) func(context.Context, string, string) (
	net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) { return h.dial(server, dial) }
}

// kill cuts the host off for ever: nothing that its process sends arrives any more.
func (h *host) kill() {
	h.mu.Lock()
	h.dead = true
	h.mu.Unlock()
	h.cut("")
}

// lives reports whether the host was not killed.
func (h *host) lives() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.dead
}

// dieAfter calls death once so many more commands were sent: before the last of them
// arrives, or before its answer does.
func (h *host) dieAfter(commands int, death func()) {
	h.mu.Lock()
	h.left, h.death = commands, death
	h.mu.Unlock()
	if commands == 0 {
		death()
	}
}

// countDown counts a command, and returns what happens before and after it is sent.
func (h *host) countDown() (before, after func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	nothing := func() {}
	if h.left == 0 {
		return nothing, nothing
	}
	if h.left--; h.left > 0 {
		return nothing, nothing
	}
	if h.chance.IntN(2) == 0 {
		return h.death, nothing
	}
	return nothing, h.death
}

// cut cuts every connection to a server, or to all.
func (h *host) cut(server string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.conns {
		if server == "" || c.server == server {
			c.Conn.Close()
		}
	}
}

// freeze stops the host: nothing is sent or received until it thaws. Its timers go on,
// but lead no further than to the next call of the network.
func (h *host) freeze() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.frozen == nil {
		h.frozen = make(chan struct{})
	}
}

// stopAtAttempt says whether the host freezes as soon as its process begins an attempt.
func (h *host) stopAtAttempt(stops bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stops = stops
}

// begin freezes the host if it is to stop now: what its process sends next arrives, and the
// answer waits.
func (h *host) begin() {
	h.mu.Lock()
	stops := h.stops
	h.stops = false
	h.mu.Unlock()
	if stops {
		h.dieAfter(1, h.freeze)
	}
}

// thaw makes a frozen host continue.
func (h *host) thaw() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.frozen != nil {
		close(h.frozen)
		h.frozen = nil
	}
}

// whileFrozen waits while the host is frozen, and reports whether it was.
func (h *host) whileFrozen() (was bool) {
	for {
		h.mu.Lock()
		frozen := h.frozen
		h.mu.Unlock()
		if frozen == nil {
			return was
		}
		was = true
		<-frozen
	}
}

// draw returns how long the network takes for what is sent, and what becomes of it.
func (h *host) draw(server string) (time.Duration, effect) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return time.Duration(h.chance.Int64N(int64(most))), h.fate(server, h.chance)
}

// conn is a host's end of a connection.
type conn struct {
	net.Conn
	host   *host
	server string
}

// Write sends b whole. What a frozen process was about to send to PortOne is lost: a
// process that stops between its last look at its lease and its call is stopped for
// microseconds in reality, and would be so for ever here.
func (c *conn) Write(b []byte) (int, error) {
	wait, effect := c.host.draw(c.server)
	time.Sleep(wait)
	frozen := c.host.whileFrozen()
	before, after := c.host.countDown()
	before()
	defer after()
	if effect == cutBefore || frozen && c.server == portoneName {
		c.Conn.Close()
		return 0, &net.OpError{Op: "write", Net: "tcp", Err: os.NewSyscallError("write", syscall.ECONNRESET)}
	}
	n, err := c.Conn.Write(b)
	if effect == cutAfter {
		c.Conn.Close()
	}
	return n, err
}

// Read receives, once the host is not frozen.
func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.host.whileFrozen()
	return n, err
}

// Close ends the connection.
func (c *conn) Close() error {
	c.host.mu.Lock()
	delete(c.host.conns, c)
	c.host.mu.Unlock()
	return c.Conn.Close()
}
