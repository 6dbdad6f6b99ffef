package world

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"
)

const (
	// beatTitle is the title of tasks/outcome/beat.lua, see titleOf. If the two differ, the script
	// runs in Lua, with the same result: the simulation becomes slower and says nothing.
	beatTitle = "Counts a heartbeat of a worker's process."
	// pollTitle is the title of worker/gate/store_poll.lua.
	pollTitle = "Reads all there is to know about gates, with the time of Redis."
)

// light answers the scripts that run most often without Lua, in the cases in which they find nothing to do or
// nothing odd, and reports whether it has. Miniredis makes a new state of Lua for each script: without this that
// would take two thirds of a simulation. An answer here must be that of the script to the byte, with the same keys
// written: a script that is changed, in this module or in Asynq, has to be compared with it. The caller holds r.mu.
func (r *redisServer) light(peer *server.Peer, args []string) bool {
	return r.idle(peer, args) || r.beat(peer, args) || r.register(peer, args) || r.poll(peer, args)
}

// poll answers the script that reads the gates, worker/gate/store_poll.lua, unless a key is of a wrong type: for that
// the script has an answer of its own. Its keys are the hold and then, for each gate, a hash and a sorted set.
func (r *redisServer) poll(peer *server.Peer, args []string) bool {
	if r.title(args[0]) != pollTitle {
		return false
	}
	keys, _ := strconv.Atoi(args[1])
	for i, key := range args[2 : 2+keys] {
		if kind := r.memory.Type(key); kind != "" && kind != []string{"zset", "hash"}[i%2] && i > 0 {
			return false
		}
	}
	// PTTL says -2 of a key that does not exist, and -1 of one without an end. Miniredis has 0 for both.
	hold := int(r.memory.TTL(args[2]) / time.Millisecond)
	switch {
	case !r.memory.Exists(args[2]):
		hold = -2
	case hold == 0: // it has no end
		hold = -1
	}
	peer.WriteLen(2 + keys)
	r.writeTime(peer)
	peer.WriteInt(hold)
	for i, key := range args[3 : 2+keys] {
		if i%2 == 1 {
			members, _ := r.memory.ZMembers(key) // none of a key that does not exist
			peer.WriteInt(len(members))
			continue
		}
		fields, _ := r.memory.HKeys(key)
		peer.WriteLen(2 * len(fields))
		for _, field := range fields {
			peer.WriteBulk(field)
			peer.WriteBulk(r.memory.HGet(key, field))
		}
	}
	return true
}

// register answers the script by which Asynq's server writes every few seconds that it lives, where it has no task:
// writeServerStateCmd in its internal/rdb/rdb.go. With tasks it has more arguments, and runs in Lua.
func (r *redisServer) register(peer *server.Peer, args []string) bool {
	const title = `redis.call("SETEX", KEYS[1], ARGV[1], ARGV[2])`
	if r.title(args[0]) != title || len(args) != 6 {
		return false
	}
	life, err := strconv.Atoi(args[4])
	if err != nil || r.memory.Set(args[2], args[5]) != nil {
		return false
	}
	r.memory.SetTTL(args[2], time.Duration(life)*time.Second)
	r.memory.Del(args[3])
	peer.WriteOK()
	return true
}

// beat answers the heartbeat of a worker whose count is no less than it has seen, where no loss is known. A lower
// count, or none, may tell of a loss, which only the script itself decides. The count lives a day, as beatLife in
// tasks/outcome/beat_count.lua says.
func (r *redisServer) beat(peer *server.Peer, args []string) bool {
	if r.title(args[0]) != beatTitle {
		return false
	}
	loss, process, seen := args[2], args[4], args[5]
	count := strings.TrimSuffix(loss, "lossy") + "worker:" + process
	kept, err := r.memory.Get(count)
	beats, wrong := strconv.Atoi(kept)
	known, strange := strconv.Atoi(seen)
	if err != nil || wrong != nil || strange != nil || beats < known || r.memory.Exists(loss) {
		return false
	}
	beats, err = r.memory.Incr(count, 1) // in one step: attempts count beside it
	if err != nil {
		return false
	}
	r.memory.SetTTL(count, 24*time.Hour)
	peer.WriteLen(2)
	peer.WriteInt(beats)
	peer.WriteInt(-2) // the PTTL of a key that does not exist
	return true
}

// idle answers the scripts by which Asynq looks for work every few seconds where there is none, and
// reports whether it has: dequeueCmd, forwardCmd and deleteExpiredCompletedTasksCmd in its internal/rdb/rdb.go, which
// are recognised by their first lines. A paused queue has the same answer as an empty one.
func (r *redisServer) idle(peer *server.Peer, args []string) bool {
	const dequeue, forward, clean = `if redis.call("EXISTS", KEYS[2]) == 0 then`,
		`local ids = redis.call("ZRANGEBYSCORE", KEYS[1], "-inf", ARGV[1], "LIMIT", 0, 100)`,
		`local ids = redis.call("ZRANGEBYSCORE", KEYS[1], "-inf", ARGV[1], "LIMIT", 0, tonumber(ARGV[3]))`
	title := r.title(args[0])
	switch {
	case title == dequeue && !r.memory.Exists(args[2]):
		peer.WriteNull()
	case (title == forward || title == clean) && !r.due(args[2], args):
		peer.WriteInt(0)
	default:
		return false
	}
	return true
}

// due reports whether a member of a sorted set has a score up to the script's first argument, the time in seconds.
// What cannot be read counts as due, so that the script itself answers.
func (r *redisServer) due(key string, args []string) bool {
	keys, _ := strconv.Atoi(args[1])
	now, err := strconv.ParseFloat(args[2+keys], 64)
	members, wrong := r.memory.ZMembers(key) // in the order of their scores
	if errors.Is(wrong, miniredis.ErrKeyNotFound) {
		return false
	}
	if err != nil || wrong != nil || len(members) == 0 {
		return true
	}
	first, err := r.memory.ZScore(key, members[0])
	return err != nil || first <= now
}
