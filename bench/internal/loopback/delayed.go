package loopback

import (
	"io"
	"net"
	"sync"
	"time"
)

// Delayed passes connections on to an address, and takes time for it, as a network does.
type Delayed struct {
	// Addr is where it listens.
	Addr string

	listener net.Listener
	to       string
	delay    time.Duration

	mu      sync.Mutex
	open    []net.Conn
	passing sync.WaitGroup
}

// Delay listens on a free port, and passes on what it gets after delay, in each direction. The caller closes it.
func Delay(to string, delay time.Duration) (*Delayed, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	d := &Delayed{Addr: listener.Addr().String(), listener: listener, to: to, delay: delay}
	d.passing.Go(d.accept)
	return d, nil
}

// Close cuts all connections.
func (d *Delayed) Close() {
	_ = d.listener.Close()
	d.mu.Lock()
	for _, conn := range d.open {
		_ = conn.Close()
	}
	d.mu.Unlock()
	d.passing.Wait()
}

func (d *Delayed) accept() {
	for {
		from, err := d.listener.Accept()
		if err != nil {
			return
		}
		to, err := net.Dial("tcp", d.to)
		if err != nil {
			_ = from.Close()
			continue
		}
		d.mu.Lock()
		d.open = append(d.open, from, to)
		d.mu.Unlock()
		d.passing.Go(func() { d.pass(to, from) })
		d.passing.Go(func() { d.pass(from, to) })
	}
}

// sent is what is on its way.
type sent struct {
	bytes []byte
	due   time.Time
}

// inFlight is how much may be on its way in one direction.
const inFlight = 1_000

// pass passes on what from sends, until one of both is closed.
func (d *Delayed) pass(to io.WriteCloser, from io.ReadCloser) {
	defer to.Close()
	way := make(chan sent, inFlight)
	d.passing.Go(func() {
		defer close(way)
		for {
			bytes := make([]byte, 16<<10)
			n, err := from.Read(bytes)
			if n > 0 {
				way <- sent{bytes[:n], time.Now().Add(d.delay)}
			}
			if err != nil {
				return
			}
		}
	})
	for s := range way {
		time.Sleep(time.Until(s.due))
		if _, err := to.Write(s.bytes); err != nil {
			_ = from.Close() // so that the reader ends
			for range way {
			}
		}
	}
}
