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

// ttlStep is how exactly keys expire: up to so much too early, as a key that was written just
// before a step is a whole step older after it. Miniredis has no clock of its own, and goes
// through all keys at each step (FastForward).
const ttlStep = 500 * time.Millisecond

// directName is the name of the client that no fault meets: that of snapshots and of the checks.
const directName = "direct"

// redisServer is a Redis in memory, miniredis, whose clock is that of the bubble and a skew. What
// miniredis does not simulate it answers before miniredis sees the command: the time, refusals,
// and the scripts of light.go.
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

// newRedis returns a Redis that is empty and answers, and on which no port is open. The caller
// closes it, or its goroutines keep the bubble from ending.
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

// expire advances the clock of keys until the server is closed. Keys expire also while Redis is
// down, as those of a real one do: it keeps the times at which they end.
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

// dial returns the client's end of a new connection, or errDown. The server's end is buffered,
// since miniredis writes while it holds its lock.
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

// setDown ends every connection and refuses new ones, or takes them again. Those of the direct
// client and of subscriptions stay.
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

// setRefusals sets which share of the commands that may write is refused, 0 to 1 each, since the
// memory is full (OOM) or the server is a replica (READONLY). go-redis repeats a command after
// READONLY by itself, and not after OOM (shouldRetry in its error.go).
func (r *redisServer) setRefusals(full, readOnly float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.full, r.readOnly = full, readOnly
}

// reads are the commands that never write, with a blank on either side of each. A command that is
// missing here is refused by a full Redis although it only reads, and stands in the histories. A
// script may write, and is refused as a whole: what a real Redis refuses in its midst has then
// written nothing either.
const reads = " HELLO PING AUTH SELECT CLIENT INFO TIME GET MGET EXISTS TTL PTTL HGET HMGET HGETALL HEXISTS " +
	"SMEMBERS SISMEMBER SCARD ZCARD ZRANGE ZSCORE ZRANGEBYSCORE LLEN LRANGE XRANGE XREAD XLEN SCAN TYPE SUBSCRIBE "

// answer answers the time, what is refused, and scripts that need no Lua, and reports whether it
// has: miniredis carries out the rest. Miniredis calls it for every command, those of scripts
// too. These have no client's name, as those that begin a connection have none, and are never
// refused: the whole script was let through.
func (r *redisServer) answer(peer *server.Peer, command string, args ...string) bool {
	if command == "TIME" {
		peer.WriteLen(2)
		r.writeTime(peer)
		return true
	}
	if refusal := r.refusal(peer, command, args); refusal != "" {
		peer.WriteError(refusal)
		return true
	}
	return command == "EVALSHA" && r.light(peer, args)
}

// refusal returns the error with which a command is refused, empty if it is not: of a Redis that is full, or that
// takes no writes.
func (r *redisServer) refusal(peer *server.Peer, command string, args []string) (refusal string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	// go-redis sends a script's text once, with EVAL, after EVALSHA has failed: from then on its
	// digest has a title, and so light and the recorder know the script.
	if command == "EVAL" {
		sum := sha1.Sum([]byte(args[0]))
		r.titles[hex.EncodeToString(sum[:])] = titleOf(args[0])
	}
	if r.full+r.readOnly == 0 || peer.ClientName == "" || peer.ClientName == directName ||
		strings.Contains(reads, " "+command+" ") {
		return ""
	}
	switch chance := r.chance.Float64(); {
	case chance < r.full:
		refusal = "OOM command not allowed when used memory > 'maxmemory'."
	case chance < r.full+r.readOnly:
		refusal = "READONLY You can't write against a read only replica."
	default:
		return ""
	}
	if r.older && strings.HasPrefix(command, "EVAL") { // as Redis 6.2 puts it
		refusal = "ERR Error running script (call to f_6b1bf486c81ceb7edf3c093f4a1ea54e7ee2db6e): " +
			"@user_script:1: @user_script: 1: -" + refusal
	}
	return refusal
}

// writeTime writes the seconds and microseconds of Redis' clock, as two texts: so TIME answers,
// and so the product's scripts hand it on.
func (r *redisServer) writeTime(peer *server.Peer) {
	now := time.Now().Add(r.skew)
	peer.WriteBulk(strconv.FormatInt(now.Unix(), 10))
	peer.WriteBulk(strconv.Itoa(now.Nanosecond() / 1000))
}

// titleOf returns the first line of a script's own comment, which is the last one with a line of
// KEYS or ARGV: what scripts share stands before it. Without one it is the script's first line, as
// for those of Asynq. A title is all by which a script is recognised here. Where the first line
// of a .lua file changes, [pollTitle], [beatTitle] and [recorder.ProcessHook] have to follow it:
// nothing fails otherwise, but fewer scripts are answered without Lua, or no worker stops as it
// begins an attempt.
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

// title returns the title of a script by its SHA-1, "" if its text was never sent.
func (r *redisServer) title(sha string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.titles[sha]
}

// close ends the server and all its goroutines, without which the bubble would not end.
func (r *redisServer) close() {
	close(r.closed)
	r.setDown(true)
	r.direct.Close()
	r.memory.Close()
}
