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

const portoneName = "PortOne"

// portone is the pretend PortOne on a network of its own.
type portone struct {
	*iamporttest.Server
	http    *http.Server
	calling chan net.Conn
	closed  chan struct{}
	once    sync.Once
}

type callerKey struct{}

// caller is the server's end of a connection of a host.
type caller struct {
	net.Conn
	host string
}

func newPortone(config iamporttest.Config, around func(http.Handler) http.Handler) *portone {
	p := &portone{
		Server: iamporttest.New(config), calling: make(chan net.Conn), closed: make(chan struct{}),
	}
	p.http = &http.Server{
		Handler: around(p.Server), ErrorLog: log.New(io.Discard, "", 0),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, callerKey{}, c.(caller).host)
		},
	}
	go p.http.Serve(p) // ends with close
	return p
}

// dial returns the client's end of a new connection of a host.
func (p *portone) dial(host string) (net.Conn, error) {
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

// Addr returns an address that nobody uses.
func (p *portone) Addr() net.Addr { return &net.IPAddr{} }

// Close ends every call and lets nobody call any more.
func (p *portone) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

// end ends every call.
func (p *portone) end() {
	p.Server.Close()
	p.http.Close()
}
