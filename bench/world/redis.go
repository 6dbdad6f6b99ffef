package world

import (
	"net"
	"strings"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"
)

// ttlStep is how exactly keys expire. Miniredis goes through all keys at each step.
const ttlStep = 200 * time.Millisecond

// redisServer is a Redis in memory, whose clock is that of the bubble.
type redisServer struct {
	memory *miniredis.Miniredis

	mu      sync.Mutex
	down    bool
	refusal string // what commands that may write are answered, if anything
	clients map[*buffered]struct{}
	closed  chan struct{}
}

func newRedis() (*redisServer, error) {
	r := &redisServer{
		memory: miniredis.NewMiniRedis(), clients: make(map[*buffered]struct{}), closed: make(chan struct{}),
	}
	first, err := r.memory.Dial() // starts it without a listener
	if err != nil {
		return nil, err
	}
	first.Close()
	r.memory.Server().SetPreHook(r.refuse)
	go r.expire()
	return r, nil
}

// expire lets keys expire until the server is closed.
func (r *redisServer) expire() {
	ticker := time.NewTicker(ttlStep)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			r.memory.FastForward(ttlStep)
		case <-r.closed:
			return
		}
	}
}

// dial returns the client's end of a new connection.
func (r *redisServer) dial() (net.Conn, error) {
	here, there := net.Pipe()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.down {
		return nil, errDown
	}
	c := newBuffered(there)
	r.clients[c] = struct{}{}
	r.memory.Server().ServeConn(c)
	return here, nil
}

// setDown ends every connection and refuses new ones, or takes them again.
func (r *redisServer) setDown(down bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.down = down
	if down {
		for c := range r.clients {
			c.Close()
		}
		clear(r.clients)
	}
}

// setRefusal lets every command that may write be answered with an error, or, where it
// is empty, none.
func (r *redisServer) setRefusal(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refusal = text
}

// reads are the commands that never write. A script may, and is refused as a whole: what
// a real Redis refuses in its midst has then written nothing either.
const reads = " HELLO PING AUTH SELECT CLIENT INFO TIME GET MGET EXISTS TTL PTTL HGET HMGET HGETALL HEXISTS " +
	"SMEMBERS SISMEMBER SCARD ZCARD ZRANGE ZSCORE ZRANGEBYSCORE LLEN LRANGE XRANGE XREAD XLEN SCAN TYPE SUBSCRIBE "

// refuse answers what cannot be carried out now, and reports whether it has.
func (r *redisServer) refuse(peer *server.Peer, command string, _ ...string) bool {
	r.mu.Lock()
	refusal := r.refusal
	r.mu.Unlock()
	if refusal == "" || strings.Contains(reads, " "+command+" ") {
		return false
	}
	peer.WriteError(refusal)
	return true
}

// close ends the server.
func (r *redisServer) close() {
	close(r.closed)
	r.setDown(true)
	r.memory.Close()
}
