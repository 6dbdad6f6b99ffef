package world

import (
	"net"
	"sync"
)

// buffered is a server's end of a pipe whose writes never wait for the reader, as those of a
// real connection seldom do. [net.Pipe] has no buffer, and miniredis answers while it holds its
// lock: a client that is frozen would stop it for all.
type buffered struct {
	net.Conn
	mu      sync.Mutex
	pending []byte
	more    chan struct{} // of one: that something is pending
	closed  chan struct{}
	once    sync.Once
}

func newBuffered(inner net.Conn) *buffered {
	b := &buffered{Conn: inner, more: make(chan struct{}, 1), closed: make(chan struct{})}
	// The goroutine ends with the connection: the bubble waits for it.
	go b.drain()
	return b
}

// Write takes p at once. Its copy waits in memory without a limit: what a simulation sends is
// small.
func (b *buffered) Write(p []byte) (int, error) {
	select {
	case <-b.closed:
		return 0, net.ErrClosed
	default:
	}
	b.mu.Lock()
	b.pending = append(b.pending, p...)
	b.mu.Unlock()
	// More than one signal says no more than one: drain takes all that is pending.
	select {
	case b.more <- struct{}{}:
	default:
	}
	return len(p), nil
}

// drain sends what is pending until the connection is closed.
func (b *buffered) drain() {
	for {
		select {
		case <-b.more:
		case <-b.closed:
			return
		}
		b.mu.Lock()
		next := b.pending
		b.pending = nil
		b.mu.Unlock()
		if _, err := b.Conn.Write(next); err != nil {
			return
		}
	}
}

// Close cuts the connection; what is pending is lost.
func (b *buffered) Close() error {
	b.once.Do(func() { close(b.closed) })
	return b.Conn.Close()
}
