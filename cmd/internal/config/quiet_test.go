package config_test

import (
	"bytes"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/cmd/internal/config"
)

// A user who may do little is refused CLIENT, which fills ACL LOG.
func TestConnectionsAskForNothingThatFewMayDo(t *testing.T) {
	t.Parallel()
	heard := listenIn(t, redistest.Start(t).Addr)
	settings := config.Redis{URL: "redis://" + heard.addr + "/1", Namespace: "receipt", TTL: 1}
	client, err := settings.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	sent := heard.String()
	if !strings.Contains(sent, "select") || !strings.Contains(sent, "ping") || strings.Contains(sent, "client") {
		t.Errorf("to open a connection and to ping, it sends\n%s", sent)
	}
}

// listener stands between a client and Redis, and hears what the client says.
type listener struct {
	addr string
	mu   sync.Mutex
	said bytes.Buffer
}

// Write implements [io.Writer].
func (l *listener) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.said.Write(p)
}

// String returns what was said, in small letters.
func (l *listener) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.ToLower(l.said.String())
}

// listenIn takes one connection to a Redis.
func listenIn(t *testing.T, redis string) *listener {
	t.Helper()
	incoming, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	onward, err := net.Dial("tcp", redis)
	if err != nil {
		t.Fatal(err)
	}
	heard := &listener{addr: incoming.Addr().String()}
	var passing sync.WaitGroup
	t.Cleanup(func() {
		incoming.Close()
		onward.Close()
		passing.Wait()
	})
	passing.Go(func() {
		connection, err := incoming.Accept()
		if err != nil {
			return
		}
		defer connection.Close()
		passing.Go(func() { _, _ = io.Copy(connection, onward) })
		_, _ = io.Copy(onward, io.TeeReader(connection, heard))
	})
	return heard
}
