// Package proxy stands between clients and a server, and makes trouble: it makes the server look
// far away, or cuts its connections, or carries nothing on them. It knows nothing of Redis and
// nothing of tests.
package proxy

import (
	"fmt"
	"math"
	"net"
	"sync"
	"time"
)

// Proxy is a TCP proxy to one server at a time.
type Proxy struct {
	// Addr is where it listens.
	Addr string

	listener net.Listener
	running  sync.WaitGroup

	mu     sync.Mutex
	target string
	delay  time.Duration
	open   map[net.Conn]struct{}
	made   int // connections so far
	// silent is how many of the connections, the first ones, carry nothing.
	silent int
	closed bool
}

// Start starts a proxy to the server at target. The caller closes it.
func Start(target string) (*Proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the proxy: %w", err)
	}
	p := &Proxy{Addr: listener.Addr().String(), listener: listener, target: target, open: make(map[net.Conn]struct{})}
	p.running.Go(p.accept)
	return p, nil
}

// Target leads new connections to another server, as a failover does behind one address. Those that
// there are stay where they are: see [Proxy.Reset].
func (p *Proxy) Target(addr string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = addr
}

// Delay makes whatever either side says arrive by that much later, and no slower, as on a long
// line: a round trip takes 2 × d longer. It holds for connections that there are as well.
func (p *Proxy) Delay(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = d
}

// Silence makes the connections that there are carry nothing any more, as a network does that drops
// packets. Neither side hears of it: what it sends is acknowledged, and lost. Connections that are
// made later carry, unless they are to be silent, too, until Silence is called again.
func (p *Proxy) Silence(later bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.silent = p.made
	if later {
		p.silent = math.MaxInt
	}
}

// Reset cuts every connection. Both sides see that at once, unlike after [Proxy.Silence]; a new
// connection works.
func (p *Proxy) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn := range p.open {
		conn.Close()
	}
}

// Close cuts every connection and returns once nothing runs any more.
func (p *Proxy) Close() {
	_ = p.listener.Close()
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.Reset()
	p.running.Wait()
}

// accept serves each new connection in a goroutine of its own, until the listener is closed.
func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		p.running.Go(func() { p.connect(client) })
	}
}

// connect serves one connection to its end. A server that cannot be reached is shown to the client as a
// connection that ends at once: a proxy cannot refuse what the kernel has accepted.
func (p *Proxy) connect(client net.Conn) {
	p.mu.Lock()
	target := p.target
	p.mu.Unlock()
	server, err := net.Dial("tcp", target)
	if err != nil {
		client.Close()
		return
	}
	p.track(client, server)
	defer p.forget(client, server)
	delay := p.delayed()
	var ways sync.WaitGroup
	ways.Go(func() { Carry(client, server, delay) })
	ways.Go(func() { Carry(server, client, delay) })
	ways.Wait()
}

// delayed returns a function that tells by how much later things arrive on a new connection, or that
// they are [lost]. It is asked for each piece, so that [Proxy.Delay] and [Proxy.Silence] hold at once.
func (p *Proxy) delayed() func() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.made++
	number := p.made
	return func() time.Duration {
		p.mu.Lock()
		defer p.mu.Unlock()
		if number <= p.silent {
			return lost
		}
		return p.delay
	}
}

// track keeps connections for [Proxy.Reset] to cut, and cuts those that come too late for
// [Proxy.Close].
func (p *Proxy) track(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range conns {
		p.open[conn] = struct{}{}
		if p.closed {
			conn.Close()
		}
	}
}

// forget closes connections that have ended and takes them off the list.
func (p *Proxy) forget(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range conns {
		conn.Close()
		delete(p.open, conn)
	}
}
