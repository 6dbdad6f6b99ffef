package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"sync"
	"time"
)

// farAway is a TCP proxy that makes a server look as if it were further away:
// what either side says arrives later, and no slower, as on a long line.
type farAway struct {
	addr string // where it listens

	target   string
	delay    time.Duration // each way
	listener net.Listener
	cut      context.CancelFunc // every connection
	running  sync.WaitGroup
}

// startFarAway starts a proxy to the server at target. The caller closes it.
func startFarAway(target string, delay time.Duration) (*farAway, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the proxy: %w", err)
	}
	ctx, cut := context.WithCancel(context.Background()) // until close
	f := &farAway{addr: listener.Addr().String(), target: target, delay: delay, listener: listener, cut: cut}
	f.running.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return // closed
			}
			f.running.Go(func() { f.connect(ctx, client) })
		}
	})
	return f, nil
}

func (f *farAway) close() {
	_ = f.listener.Close()
	f.cut()
	f.running.Wait()
}

// connect serves one connection to its end.
func (f *farAway) connect(ctx context.Context, client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", f.target)
	if err != nil {
		return
	}
	defer server.Close()
	defer context.AfterFunc(ctx, func() {
		client.Close()
		server.Close()
	})()
	var ways sync.WaitGroup
	ways.Go(func() { delayed(client, server, f.delay) })
	ways.Go(func() { delayed(server, client, f.delay) })
	ways.Wait()
}

// piecesAhead is how many pieces may be on a line at a time, far more than one
// can be sent within a millisecond: a line that has room sets no pace.
const piecesAhead = 4096

// piece is what was read at once, and when it is to arrive.
type piece struct {
	data []byte
	due  time.Time
}

// delayed hands on what one side says, each piece by delay after it was said,
// until that side ends, and then lets the other one end as well. It reads on
// while pieces are on their way. A side that can no longer be written to is the
// end of both.
func delayed(from, to net.Conn, delay time.Duration) {
	line := make(chan piece, piecesAhead)
	var delivery sync.WaitGroup
	delivery.Go(func() {
		defer to.Close()
		for p := range line {
			time.Sleep(time.Until(p.due))
			if _, err := to.Write(p.data); err != nil {
				from.Close()
				break
			}
		}
		for range line { // nobody wants it
		}
	})
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			line <- piece{bytes.Clone(buffer[:n]), time.Now().Add(delay)}
		}
		if err != nil {
			break
		}
	}
	close(line)
	delivery.Wait()
}
