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

// errDown is the error of a dial where no program listens, of the type that it has on a real
// network: go-redis decides by the type of an error whether it repeats a command.
var errDown = &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}

// effect is what a network does to what is sent.
type effect int

const (
	delivered effect = iota // as on most days
	cutBefore               // the connection is cut, nothing arrives
	cutAfter                // it arrives, and the connection is cut before the answer
)

// most is how long the network takes for what is sent, at most. It also makes commands of
// different processes take effect at different times, so that their order depends on the seed
// rather than on the scheduler.
const most = 2 * time.Millisecond

// host is a machine with one process: all that this sends and receives passes through it. chance
// gives its random numbers, from the seed and its name: what one host draws changes nothing for
// another.
type host struct {
	name string
	// fate says whether what is sent to a server arrives. It is called with chance's lock held,
	// so that a host's decisions follow from the seed and its name in their order.
	fate func(server string, chance *rand.Rand) effect

	mu     sync.Mutex
	chance *rand.Rand
	conns  map[*conn]struct{}
	dead   bool
	// left is how many commands are sent before death; 0 if death is not set.
	left   int
	death  func()        // what happens then
	frozen chan struct{} // nil unless it is frozen; closed when it continues
	stops  bool          // whether it freezes as it begins an attempt
}

func newHost(name string, seed uint64, fate func(string, *rand.Rand) effect) *host {
	return &host{
		name: name, fate: fate, chance: rand.New(rand.NewPCG(seed, hashOf(name))), conns: make(map[*conn]struct{}),
	}
}

// hashOf returns a number of its own for each name (FNV-1a). It is the same in every run, which
// maphash's is not.
func hashOf(name string) uint64 {
	h := uint64(0xcbf29ce484222325)
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * 0x100000001b3
	}
	return h
}

// dial returns a connection of the host, made by dial. A host that died while it was made has
// none.
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

// kill cuts the host off for ever: nothing that its process sends arrives any more. Its
// goroutines live on until their context ends, and can do no harm.
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

// dieAfter calls death once so many more commands were sent: before the last of them arrives,
// or before its answer does. In the first case the server never gets the command; in the second
// it has carried it out, and the process never hears so.
func (h *host) dieAfter(commands int, death func()) {
	h.mu.Lock()
	h.left, h.death = commands, death
	h.mu.Unlock()
	if commands == 0 {
		death()
	}
}

// countDown counts a command, and returns what happens before and after it is sent. Neither is
// called with the lock held, since death takes it.
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
	// By chance the process dies before the command arrives, or before its answer does.
	if h.chance.IntN(2) == 0 {
		return h.death, nothing
	}
	return nothing, h.death
}

// cut cuts every connection to a server, or to all if server is empty.
func (h *host) cut(server string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.conns {
		if server == "" || c.server == server {
			c.Conn.Close()
		}
	}
}

// freeze stops the host: nothing is sent or received until it thaws. The timers of its process
// fire all the same, but lead no further than to the next call of the network.
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
// answer waits until it thaws. So the process holds an attempt of which it does not know, and
// its lease runs out meanwhile.
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

// whileFrozen waits while the host is frozen, and reports whether it was. It looks again after
// a thaw: the host may be frozen anew by then.
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

// draw returns how long the network takes for what is sent, and whether it arrives.
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

// Write sends b whole. What a frozen process was about to send to PortOne is lost: in reality
// some microseconds lie between a process' last look at its lease and its call, and hardly any
// process stops in them; here a process stops at the network alone, and so would always stop
// there.
func (c *conn) Write(b []byte) (int, error) {
	// The network's time passes first. A host that is frozen then sends nothing before it thaws.
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

// Read receives, once the host is not frozen. What has arrived meanwhile waits, as it does in a
// real socket.
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
