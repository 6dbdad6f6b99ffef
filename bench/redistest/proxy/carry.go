package proxy

import (
	"bytes"
	"net"
	"sync"
	"time"
)

// piecesAhead is how many pieces may be on a line at a time, far more than one can send within a
// millisecond: a line that has room sets no pace.
const piecesAhead = 4096

// lost is the delay of what never arrives.
const lost = -1

// piece is what was read at once, and when it is to arrive.
type piece struct {
	data []byte
	due  time.Time
}

// Carry hands on what one side says, each piece by the delay of its moment after it was said, until
// that side ends, and then ends the other one as well. It reads on while pieces are on their way,
// so that a delay costs time and no throughput. A side that can no longer be written to is the end
// of both.
func Carry(from, to net.Conn, delay func() time.Duration) {
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
		// The pieces that are left have nowhere to go. They are taken off the line, or the reader below
		// would wait for room.
		for range line {
		}
	})
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			if d := delay(); d != lost {
				line <- piece{bytes.Clone(buffer[:n]), time.Now().Add(d)}
			}
		}
		if err != nil {
			break
		}
	}
	close(line)
	delivery.Wait()
}
