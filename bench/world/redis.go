package world

import (
	"cmp"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"
	"github.com/redis/go-redis/v9"
)

// ttlStep is how exactly keys expire. Miniredis goes through all keys at each step, so that
// smaller steps take time.
const ttlStep = 500 * time.Millisecond

// directName is the name of the client that no fault meets: the simulation's own, by which it
// reads what Redis holds.
const directName = "direct"

// redisServer is a Redis in memory, whose clock is that of the bubble and a skew.
//
// direct is the simulation's own client, which meets no fault: it reads snapshots and the evidence.
// clients are the server's ends of all other connections, for [redisServer.setDown] to close.
// titles has the first words of each script that was seen, by its SHA-1: by these the history names
// scripts, and [redisServer.light] knows them.
type redisServer struct {
	memory *miniredis.Miniredis
	direct *redis.Client
	skew   time.Duration
	older  bool // it speaks as before 7.0

	mu             sync.Mutex
	chance         *rand.Rand
	down           bool
	full, readOnly float64 // the rates of commands that may write, and are refused
	clients        map[*buffered]struct{}
	titles         map[string]string // of scripts, by their SHA-1
	closed         chan struct{}
}

// newRedis starts a miniredis whose connections are pipes. Close ends it.
func newRedis(s Scenario) (*redisServer, error) {
	r := &redisServer{
		memory: miniredis.NewMiniRedis(), skew: s.RedisSkew, older: s.OlderRedis, chance: s.random(redisName),
		clients: make(map[*buffered]struct{}), titles: make(map[string]string), closed: make(chan struct{}),
	}
	first, err := r.memory.Dial() // starts it without a listener
	if err != nil {
		return nil, err
	}
	first.Close()
	r.memory.Server().SetPreHook(r.answer)
	options := optionsOf(directName)
	options.Dialer = r.dialDirect
	r.direct = redis.NewClient(&options)
	go r.expire()
	return r, nil
}

// expire advances the clock of keys until the server is closed. Miniredis does not do so by
// itself.
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

// dialDirect returns the client's end of a connection that no fault meets.
func (r *redisServer) dialDirect(context.Context, string, string) (net.Conn, error) {
	here, there := net.Pipe()
	r.memory.Server().ServeConn(newBuffered(there))
	return here, nil
}

// setDown ends every connection and refuses new ones, or takes them again. What Redis holds
// stays.
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

// setRefusals refuses a share of the commands that may write, from 0 to 1, because the memory
// is full or it is a replica.
func (r *redisServer) setRefusals(full, readOnly float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.full, r.readOnly = full, readOnly
}

// reads are the commands that never write. A script may, and is refused as a whole: what a real
// Redis refuses in its midst has then written nothing either.
const reads = " HELLO PING AUTH SELECT CLIENT INFO TIME GET MGET EXISTS TTL PTTL HGET HMGET HGETALL HEXISTS " +
	"SMEMBERS SISMEMBER SCARD ZCARD ZRANGE ZSCORE ZRANGEBYSCORE LLEN LRANGE XRANGE XREAD XLEN SCAN TYPE SUBSCRIBE "

// answer answers what cannot be carried out now, and the time, and reports whether it has.
// Miniredis asks it before each command, also those that a script sends and those that begin a
// connection: neither have a client's name, and none of them is refused.
func (r *redisServer) answer(peer *server.Peer, command string, args ...string) bool {
	// Miniredis would answer without the skew.
	if command == "TIME" {
		peer.WriteLen(2)
		r.writeTime(peer)
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	// A script's text is seen once, with EVAL; afterwards go-redis sends its SHA-1.
	if command == "EVAL" {
		sum := sha1.Sum([]byte(args[0]))
		r.titles[hex.EncodeToString(sum[:])] = titleOf(args[0])
	}
	// A Redis that is full, or read-only, still answers what only reads.
	if r.full+r.readOnly == 0 || peer.ClientName == "" || peer.ClientName == directName ||
		strings.Contains(reads, " "+command+" ") {
		return command == "EVALSHA" && r.light(peer, args)
	}
	refusal := ""
	switch chance := r.chance.Float64(); {
	case chance < r.full:
		refusal = "OOM command not allowed when used memory > 'maxmemory'."
	case chance < r.full+r.readOnly:
		refusal = "READONLY You can't write against a read only replica."
	default:
		return command == "EVALSHA" && r.light(peer, args)
	}
	// Redis 6.2 wraps the error of a script in words of its own.
	if r.older && strings.HasPrefix(command, "EVAL") {
		refusal = "ERR Error running script (call to f_6b1bf486c81ceb7edf3c093f4a1ea54e7ee2db6e): " +
			"@user_script:1: @user_script: 1: -" + refusal
	}
	peer.WriteError(refusal)
	return true
}

// writeTime writes the seconds and microseconds of Redis' clock, as TIME replies.
func (r *redisServer) writeTime(peer *server.Peer) {
	now := time.Now().Add(r.skew)
	peer.WriteBulk(strconv.FormatInt(now.Unix(), 10))
	peer.WriteBulk(strconv.Itoa(now.Nanosecond() / 1000))
}

// titleOf returns the first words of a script: of the last comment that tells of its KEYS or
// ARGV, since what scripts share stands before, or else its first line.
func titleOf(script string) string {
	title, block := "", ""
	for line := range strings.Lines(script) {
		comment, isComment := strings.CutPrefix(line, "--")
		comment = strings.TrimSpace(comment)
		switch {
		case !isComment:
			block = ""
		case block == "":
			block = comment
		case strings.HasPrefix(comment, "KEYS"), strings.HasPrefix(comment, "ARGV"):
			title = block
		}
	}
	return cmp.Or(title, strings.SplitN(strings.TrimSpace(script), "\n", 2)[0])
}

// title returns the first words of a script that was seen, by its SHA-1.
func (r *redisServer) title(sha string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.titles[sha]
}

// close ends the server.
func (r *redisServer) close() {
	close(r.closed)
	r.setDown(true)
	r.direct.Close()
	r.memory.Close()
}
