package redisfault

import (
	"bytes"
	"context"
	"io"
	"net"
	"sync/atomic"
	"syscall"

	"github.com/redis/go-redis/v9"
)

// Renew is a hook of a Redis client that drops a connection over which READONLY was said: after a
// failover a name or a proxy leads to the new master only clients that connect anew. go-redis does so
// where READONLY stands in the words of Redis, and not where a proxy puts ERR before it.
type Renew struct{}

// DialHook watches what is said over a connection.
func (Renew) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		made, err := next(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		// By this interface go-redis sees that Redis has closed a connection that was idle. A wrapper
		// without it would be used once more, and fail.
		if direct, ok := made.(syscall.Conn); ok {
			return &directConn{watchedConn{Conn: made}, direct}, nil
		}
		return &watchedConn{Conn: made}, nil
	}
}

// ProcessHook changes nothing.
func (Renew) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

// ProcessPipelineHook changes nothing.
func (Renew) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// watchedConn takes no further command once READONLY was said.
type watchedConn struct {
	net.Conn
	readOnly atomic.Bool
}

// Read implements [net.Conn]. It looks at errors alone, which begin with "-" in Redis' protocol: a
// value may hold the word as well. An error in the middle of what is read is missed.
func (c *watchedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 && p[0] == '-' && bytes.Contains(p[:n], []byte("READONLY ")) {
		c.readOnly.Store(true)
	}
	return n, err
}

// Write implements [net.Conn]. go-redis connects anew after an EOF.
func (c *watchedConn) Write(p []byte) (int, error) {
	if c.readOnly.Load() {
		return 0, io.EOF
	}
	return c.Conn.Write(p)
}

// directConn is a watchedConn that is not encrypted: a *tls.Conn is no [syscall.Conn].
type directConn struct {
	watchedConn
	syscall.Conn
}
