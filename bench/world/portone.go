package world

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"sync"

	"receiptrevoker/worker/iamport/iamporttest"
)

// portoneName is the name of PortOne in the network. It takes the place of an address.
const portoneName = "PortOne"

// portone is the simulated PortOne on a network of its own: a [net.Listener] whose connections are
// pipes.
//
// calling hands a new connection from a dial to Accept; it has no buffer, so that a dial waits
// until PortOne takes the connection. conns are those that it has taken, for [portone.setDown] to
// close.
type portone struct {
	*iamporttest.Server
	http    *http.Server
	calling chan net.Conn
	closed  chan struct{}
	once    sync.Once

	mu    sync.Mutex
	down  bool
	conns map[net.Conn]struct{}
}

// callerKey is the key under which the context of a call has the name of the host that makes
// it.
type callerKey struct{}

// caller is the server's end of a connection of a host. It carries the host's name, which
// PortOne itself does not know.
type caller struct {
	net.Conn
	host string
}

// newPortone serves PortOne until end is called. around wraps its handler.
func newPortone(config iamporttest.Config, around func(http.Handler) http.Handler) *portone {
	p := &portone{
		Server: iamporttest.New(config), calling: make(chan net.Conn), closed: make(chan struct{}),
		conns: make(map[net.Conn]struct{}),
	}
	p.http = &http.Server{
		// net/http would log each call that a fault cuts.
		Handler: around(p.Server), ErrorLog: log.New(io.Discard, "", 0),
		ConnState: p.notice,
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, callerKey{}, c.(caller).host)
		},
	}
	go p.http.Serve(p) // ends with close
	return p
}

// dial returns the client's end of a new connection of a host.
func (p *portone) dial(host string) (net.Conn, error) {
	p.mu.Lock()
	down := p.down
	p.mu.Unlock()
	if down {
		return nil, errDown
	}
	here, there := net.Pipe()
	select {
	case p.calling <- caller{there, host}:
		return here, nil
	case <-p.closed:
		return nil, errDown
	}
}

// Accept returns the next connection; with Close and Addr it makes a [net.Listener].
func (p *portone) Accept() (net.Conn, error) {
	select {
	case c := <-p.calling:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// setDown makes PortOne take no connections, and ends those that it has, or makes it take them
// again.
func (p *portone) setDown(down bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = down
	for c := range p.conns {
		if down {
			c.Close()
		}
	}
}

// notice keeps track of connections, so that [portone.setDown] can end them. A hijacked one is
// that of a fault which cuts it: the simulated PortOne closes it itself.
func (p *portone) notice(c net.Conn, state http.ConnState) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch state {
	case http.StateNew:
		p.conns[c] = struct{}{}
	case http.StateClosed, http.StateHijacked:
		delete(p.conns, c)
	}
}

// Addr returns an address that is not used. A [net.Listener] must have one.
func (p *portone) Addr() net.Addr { return &net.IPAddr{} }

// Close makes Accept return, and refuses all dials. http.Server calls it, too: closing twice
// does nothing.
func (p *portone) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

// end ends every call, also those that hang by a fault.
func (p *portone) end() {
	p.Server.Close()
	p.http.Close()
}
