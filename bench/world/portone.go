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

// portoneName is the name of PortOne in the network.
const portoneName = "PortOne"

// portone is the simulated PortOne on a network of its own: an HTTP server whose listener hands out
// pipes. A goroutine that reads a socket of the system would keep the bubble's clock from advancing
// (testing/synctest, "Blocking").
//
// calling passes a new connection from dial to Accept. conns are those that are open, which
// setDown cuts. once makes a second Close do nothing.
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

// callerKey is the key of a request's context under which the name of the host stands that calls.
type callerKey struct{}

// caller is the server's end of a connection of a host, by which PortOne's side knows who calls.
// The product sends no such name.
type caller struct {
	net.Conn
	host string
}

// newPortone returns a PortOne that answers, with a handler around its own. Its HTTP server logs
// nothing: connections that are cut are the point here. The caller ends it.
func newPortone(config iamporttest.Config, around func(http.Handler) http.Handler) *portone {
	p := &portone{
		Server: iamporttest.New(config), calling: make(chan net.Conn), closed: make(chan struct{}),
		conns: make(map[net.Conn]struct{}),
	}
	p.http = &http.Server{
		Handler: around(p.Server), ErrorLog: log.New(io.Discard, "", 0),
		ConnState: p.notice,
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, callerKey{}, c.(caller).host)
		},
	}
	go p.http.Serve(p) // ends with close
	return p
}

// dial returns the client's end of a new connection of a host, or errDown if PortOne is down or
// has ended.
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

// setDown refuses new connections and cuts those that are open, or takes connections again. A
// DELETE that PortOne is at work on is cut with its connection, and may have taken effect.
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

// notice keeps track of connections: it is the HTTP server's ConnState.
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

// Addr returns an address that is not used; a [net.Listener] has to have one.
func (p *portone) Addr() net.Addr { return &net.IPAddr{} }

// Close refuses all further connections. It is the listener's, and hides the one of the simulated
// PortOne, which [portone.end] calls.
func (p *portone) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

// end ends every call and refuses all others. The simulated PortOne ends first, so that calls that
// wait in it are cut; then the HTTP server can close.
func (p *portone) end() {
	p.Server.Close()
	p.http.Close()
}
