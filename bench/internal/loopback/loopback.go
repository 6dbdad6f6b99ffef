// Package loopback serves HTTP on the loopback interface, and slows connections down, for what a
// measurement starts itself. Nothing of it can be reached from another machine.
package loopback

import (
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Server serves HTTP on a port of its own.
type Server struct {
	// URL is where it serves, without a slash at its end.
	URL string

	server  *http.Server
	serving sync.WaitGroup
}

// Serve serves handler on a free port, which the kernel chooses: measurements and tests run beside
// each other. The caller closes the server.
func Serve(handler http.Handler) (*Server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("serve on the loopback interface: %w", err)
	}
	s := &Server{
		URL:    "http://" + listener.Addr().String(),
		server: &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second},
	}
	s.serving.Go(func() { _ = s.server.Serve(listener) })
	return s, nil
}

// Close cuts all connections, also those in the middle of a call, and returns once nothing is
// served any more.
func (s *Server) Close() {
	_ = s.server.Close()
	s.serving.Wait()
}
