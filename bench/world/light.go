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
	// beatTitle is the first words of the script of a worker's heartbeat,
	// tasks/outcome/beat.lua, as [titleOf] finds them. If that comment is changed and this is
	// not, Lua answers in its place: nothing fails, and every seed takes longer.
	beatTitle = "Counts a heartbeat of a worker's process."
	// pollTitle is those of the script by which package gate reads the gates.
	pollTitle = "Reads all there is to know about gates, with the time of Redis."
)

// light answers what most scripts come to without Lua, and reports whether it has: to make a
// state of Lua for each would take two thirds of a simulation. It answers usual cases alone,
// and exactly as the scripts would. All else is left to Lua.
func (r *redisServer) light(peer *server.Peer, args []string) bool {
	return r.idle(peer, args) || r.beat(peer, args) || r.register(peer, args) || r.poll(peer, args)
}

// poll answers the script that reads the gates. Its keys are that of the hold, and for each
// gate a hash and a sorted set.
func (r *redisServer) poll(peer *server.Peer, args []string) bool {
	if r.titles[args[0]] != pollTitle {
		return false
	}
	keys, _ := strconv.Atoi(args[1])
	// A key of another type is left to Lua, which answers with Redis' error.
	for i, key := range args[2 : 2+keys] {
		if kind := r.memory.Type(key); kind != "" && kind != []string{"zset", "hash"}[i%2] && i > 0 {
			return false
		}
	}
	// PTTL, as Redis defines it: -2 for a key that does not exist, -1 for one that does not
	// expire.
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

// register answers the script by which Asynq's server writes every few seconds that it lives
// (writeServerStateCmd in Asynq's internal/rdb/rdb.go), where it has no task: with tasks the
// script has more arguments.
func (r *redisServer) register(peer *server.Peer, args []string) bool {
	const title = `redis.call("SETEX", KEYS[1], ARGV[1], ARGV[2])`
	if r.titles[args[0]] != title || len(args) != 6 {
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

// beat answers the heartbeat of a worker whose count in Redis is what it has seen, where no
// loss is known. Whatever is unusual is what the script is there for, and so left to it.
func (r *redisServer) beat(peer *server.Peer, args []string) bool {
	if r.titles[args[0]] != beatTitle {
		return false
	}
	loss, process, seen := args[2], args[4], args[5]
	// The key of the count follows from the key that tells of a loss: "{receipt}:lossy" and
	// "{receipt}:worker:<process>".
	count := strings.TrimSuffix(loss, "lossy") + "worker:" + process
	kept, err := r.memory.Get(count)
	beats, wrong := strconv.Atoi(kept)
	// Four reasons to leave it to Lua: no count yet, one that is no number, one that another
	// process or a loss has changed, or a loss that is known.
	if err != nil || wrong != nil || kept != seen || r.memory.Exists(loss) {
		return false
	}
	if err := r.memory.Set(count, strconv.Itoa(beats+1)); err != nil {
		return false
	}
	r.memory.SetTTL(count, 24*time.Hour)
	peer.WriteLen(2)
	peer.WriteInt(beats + 1)
	peer.WriteInt(-2) // the PTTL of a key that does not exist
	return true
}

// idle answers the scripts by which Asynq looks for work every few seconds where there is none,
// and reports whether it has. They are known by their first lines: dequeueCmd, forwardCmd and
// deleteExpiredCompletedTasksCmd in Asynq's internal/rdb/rdb.go.
func (r *redisServer) idle(peer *server.Peer, args []string) bool {
	const dequeue, forward, clean = `if redis.call("EXISTS", KEYS[2]) == 0 then`,
		`local ids = redis.call("ZRANGEBYSCORE", KEYS[1], "-inf", ARGV[1], "LIMIT", 0, 100)`,
		`local ids = redis.call("ZRANGEBYSCORE", KEYS[1], "-inf", ARGV[1], "LIMIT", 0, tonumber(ARGV[3]))`
	title := r.titles[args[0]]
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

// due reports whether a member of a sorted set has a score up to the script's first argument.
// Where it cannot tell, it says yes, so that Lua decides.
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
