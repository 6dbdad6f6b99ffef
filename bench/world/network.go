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

// errDown is the error of a dial to a server that is down, of the type that it has on a real
// network: go-redis decides by the type whether it repeats a command, and repeats all that met a
// [net.OpError] of the operation "dial" (shouldRetry in its error.go).
var errDown = &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}

// effect is what the network does to one message, which is what a process writes at once: a
// command of Redis, a pipeline of them, or an HTTP request.
type effect int

const (
	delivered effect = iota // as on most days
	cutBefore               // the connection is cut, nothing arrives
	cutAfter                // it arrives, and the connection is cut before the answer
)

// most is how long the network takes for a message, at most. Each message takes a random part of
// it, so that commands of different processes arrive at different times of the bubble, and their
// order depends on the seed rather than on the scheduler.
const most = 2 * time.Millisecond

// host is a machine with one process, whose every message passes through it. So a process is
// killed or frozen by its host alone: in a bubble, no process of the system can be.
//
// left counts down to death, which is also used to freeze the host: a host has one countdown at
// a time, and the one that was set last holds. mu is never held while a message waits or is sent.
type host struct {
	name string
	// fate decides the effect on a message to a server. It is called with mu held, and so must
	// not call the host.
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

// newHost returns a host that is alive. Its chance depends on the seed and its name alone, so that
// one process sees the same network whatever the others send.
func newHost(name string, seed uint64, fate func(string, *rand.Rand) effect) *host {
	return &host{
		name: name, fate: fate, chance: rand.New(rand.NewPCG(seed, hashOf(name))), conns: make(map[*conn]struct{}),
	}
}

// hashOf returns a number for a name, by FNV-1a with 64 bits. It must not change from run to run,
// as the hashes of Go's maps do: a seed would no longer stand for the same scenario.
func hashOf(name string) uint64 {
	h := uint64(0xcbf29ce484222325)
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * 0x100000001b3
	}
	return h
}

// dial returns a connection of the host to the named server, made by dial. A host that died while
// it waited gets none, or its process could still send.
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

// dialer returns [host.dial] as a function of the type of go-redis' Options.Dialer and of
// iamport.Config.Dial. Context, network and address do not matter here: a dial ends at once,
// and each client has one server.
func (h *host) dialer(server string, dial func() (net.Conn, error)) func(context.Context, string, string) (
	net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) { return h.dial(server, dial) }
}

// kill cuts the host off for ever: nothing that its process sends arrives any more, and it hears
// no answer. What has arrived before takes effect.
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

// dieAfter calls death once so many more messages were sent, at once for 0: before the last of
// them arrives, or before its answer does, by chance. Both matter: in the second case the command
// took effect, and no process knows. A countdown that was set before is replaced.
func (h *host) dieAfter(commands int, death func()) {
	h.mu.Lock()
	h.left, h.death = commands, death
	h.mu.Unlock()
	if commands == 0 {
		death()
	}
}

// countDown counts a message, and returns what to call before and after it is sent. They are
// called without the host's lock, which death needs.
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

// cut cuts every connection to a server, or to all for "". It closes the inner end alone: the
// conn takes itself off the host when its client closes it.
func (h *host) cut(server string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.conns {
		if server == "" || c.server == server {
			c.Conn.Close()
		}
	}
}

// freeze stops the host, as SIGSTOP does: nothing is sent or received until it thaws. Its timers
// still fire, since they are the bubble's, but what they cause ends at the next message. A lease
// in Redis runs out meanwhile, and another process may take over.
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

// begin freezes the host if it is to stop as an attempt begins, once. The recorder calls it before
// the script that begins one is sent: that arrives, so that the attempt holds its lease, and its
// answer waits until the host thaws.
func (h *host) begin() {
	h.mu.Lock()
	stops := h.stops
	h.stops = false
	h.mu.Unlock()
	if stops {
		h.dieAfter(1, h.freeze)
	}
}

// thaw makes a frozen host continue. All its goroutines wake up at the same moment.
func (h *host) thaw() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.frozen != nil {
		close(h.frozen)
		h.frozen = nil
	}
}

// whileFrozen waits while the host is frozen, and reports whether it was. It looks again after
// each thaw, since another fault may have frozen the host at the same moment.
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

// draw returns how long the network takes for a message, and its effect on it.
func (h *host) draw(server string) (time.Duration, effect) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return time.Duration(h.chance.Int64N(int64(most))), h.fate(server, h.chance)
}

// conn is a host's end of a connection. Faults meet messages as they are sent; an answer is lost
// by cutting the connection before it is read.
type conn struct {
	net.Conn
	host   *host
	server string
}

// Write sends b whole. What a frozen process was about to send to PortOne is lost, with the error
// of a cut connection. Between the last look at its lease and its call a real process has some
// microseconds, in which it is hardly ever stopped. Here a frozen process always stops at its next
// message, so just there, and would send its DELETE after its lease is over.
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

// Read receives, and hands on what it has received once the host is not frozen: an answer that was
// on its way as the host froze is heard when it thaws.
func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.host.whileFrozen()
	return n, err
}

// Close ends the connection, also that of a host that is dead or frozen.
func (c *conn) Close() error {
	c.host.mu.Lock()
	delete(c.host.conns, c)
	c.host.mu.Unlock()
	return c.Conn.Close()
}
