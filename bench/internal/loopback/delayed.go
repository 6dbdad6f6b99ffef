package loopback

import (
	"io"
	"net"
	"sync"
	"time"
)

// Delayed passes connections on to an address, and takes time for it, as a network does. It delays
// and does not throttle: what is sent meanwhile is on its way at the same time.
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

// Delay listens on a free port, and passes on what it gets after delay, in each direction: a round
// trip takes twice as long. The caller closes it.
func Delay(to string, delay time.Duration) (*Delayed, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	d := &Delayed{Addr: listener.Addr().String(), listener: listener, to: to, delay: delay}
	d.passing.Go(d.accept)
	return d, nil
}

// Close cuts all connections, and returns once all goroutines that passed something on have ended.
func (d *Delayed) Close() {
	_ = d.listener.Close()
	d.mu.Lock()
	for _, conn := range d.open {
		_ = conn.Close()
	}
	d.mu.Unlock()
	d.passing.Wait()
}

// accept passes on what connects, until the listener is closed. A connection whose far end cannot
// be reached is closed, as a network would refuse it.
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
		// Both ends are kept, for Close to cut.
		d.open = append(d.open, from, to)
		d.mu.Unlock()
		d.passing.Go(func() { d.pass(to, from) })
		d.passing.Go(func() { d.pass(from, to) })
	}
}

// sent is a piece that was read, and when it is to arrive.
type sent struct {
	bytes []byte
	due   time.Time
}

// inFlight is how many pieces of up to 16 KiB may be on their way in one direction. It only has to
// be more than there ever are: with fewer, reading would stop, and the delay would become a limit
// of throughput.
const inFlight = 1_000

// pass passes on what from sends, until one of both is closed. One goroutine reads and notes when
// each piece is due, and this one writes it then: a single loop that slept before each write would
// add up the delays.
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
	// Pieces are due in the order in which they were read, as all take the same time.
	for s := range way {
		time.Sleep(time.Until(s.due))
		if _, err := to.Write(s.bytes); err != nil {
			_ = from.Close() // so that the reader ends
			for range way {
			}
		}
	}
}
