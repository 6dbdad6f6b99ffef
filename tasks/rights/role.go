package rights

import (
	"strings"

	"receiptrevoker/tasks/asynqkeys"
)

// Role is what a part of this project does in Redis, as the user of the same name in
// deploy/redis/users.acl may.
type Role struct {
	// User is the name of that user.
	User string
	// commands are what its scripts, Asynq's and go-redis call, in Redis' words. What Redis
	// lets no script call is not among them.
	commands string
	// written are the keys that it writes, and read those that it only reads. The first of
	// written is that on which commands are tried, and nothing else uses.
	written, read []pattern
}

// pattern is a pattern of keys, of ours or Asynq's. NS stands for the namespace in braces.
type pattern = asynqkeys.Pattern

// Worker is the role of a worker.
var Worker = Role{
	User: "revoker-worker",
	commands: "time persist set setex del exists expire expireat pexpire pttl get incr " +
		"hdel hexists hget hgetall hincrby hmget hset hsetnx lindex llen lpush lrange lrem rpoplpush rpush " +
		"sadd sismember smembers srem zadd zcard zcount " +
		"zrevrange zrange zrangebyscore zrem zremrangebyrank zremrangebyscore zscore setbit xadd xlen xrange",
	written: append([]pattern{{Keys: "NS:*", Ends: []string{":trial", ":open", ":outcomes"}}}, asynqkeys.ServerWrites...),
}

// Producer is the role of those who ask for revocations.
var Producer = Role{
	User: "revoker-producer",
	commands: "time del exists pexpire pttl get hdel hexists hget hgetall hincrby hmget hset lpush sadd smembers zadd " +
		"zrangebyscore zrem zrevrange setbit strlen getrange setrange xadd xread xrevrange",
	written: append([]pattern{
		{Keys: "NS:batch:*", Ends: []string{":batch:trial"}},
		{Keys: "NS:open", Ends: []string{":open"}},
		{Keys: "NS:request:*", Ends: []string{":request:trial"}},
		{Keys: "NS:batch-index", Ends: []string{":batch-index"}},
		{Keys: "NS:batches", Ends: []string{":batches"}},
	}, asynqkeys.ProducerWrites...),
	read: append([]pattern{
		{Keys: "NS:outcome:*", Ends: []string{":outcome:trial"}},
		{Keys: "NS:outcomes", Ends: []string{":outcomes"}},
		{Keys: "NS:hold", Ends: []string{":hold"}},
	}, asynqkeys.ProducerReads...),
}

// Operator is the role of people who deal with what was asked for. It leaves out PUBLISH, which
// cannot be tried without effect.
var Operator = Role{
	User: "revoker-operator",
	commands: "time del exists persist pexpire pttl get set hdel hexists hget hgetall hincrby hmget hset hsetnx hvals " +
		"lindex llen lpush lrange lrem sadd sismember smembers srem zadd zcard zcount zrange zrangebyscore zrem " +
		"zremrangebyrank zremrangebyscore zrevrange zscan zscore setbit strlen getrange setrange xadd xread xrevrange",
	written: append([]pattern{{Keys: "NS:*", Ends: []string{":trial", ":open", ":outcomes"}}}, asynqkeys.AllKeys),
}

// arguments are those with which a command is tried, K being the key of the trial. They are
// as many as it takes. The key holds a text by then, or nothing: no command but SET, SETEX
// and DEL changes anything where those are allowed.
var arguments = map[string]string{
	"time": "", "persist": "K", "set": "K x px 1000", "setex": "K 1 x", "del": "K", "exists": "K", "expire": "K x",
	"expireat": "K x", "pexpire": "K x", "pttl": "K", "get": "K", "incr": "K", "strlen": "K", "getrange": "K 0 0",
	"setrange": "K x x", "setbit": "K x x",
	"hdel": "K x", "hexists": "K x", "hget": "K x", "hgetall": "K", "hincrby": "K x x", "hmget": "K x", "hset": "K x x",
	"hsetnx": "K x x", "hvals": "K",
	"lindex": "K 0", "llen": "K", "lpush": "K x", "lrange": "K 0 0", "lrem": "K 0 x", "rpoplpush": "K K", "rpush": "K x",
	"sadd": "K x", "sismember": "K x", "smembers": "K", "srem": "K x",
	"zadd": "K x x", "zcard": "K", "zcount": "K 0 0", "zrevrange": "K 0 0", "zrange": "K 0 0", "zrangebyscore": "K 0 0",
	"zrem": "K x", "zscan": "K 0", "zremrangebyrank": "K 0 0", "zremrangebyscore": "K 0 0", "zscore": "K x",
	"xadd": "K x x x", "xlen": "K", "xrange": "K - +", "xread": "streams K x", "xrevrange": "K + -",
}

// Commands returns the names of the commands that are tried, in lower case.
func (r Role) Commands() []string { return strings.Fields(r.commands) }

// Keys returns the patterns of the keys that the role writes in a namespace, and of those that
// it only reads, as ACL SETUSER takes them behind ~ and %R~.
func (r Role) Keys(namespace string) (written, read []string) {
	for _, p := range r.written {
		written = append(written, in(p, namespace))
	}
	for _, p := range r.read {
		read = append(read, in(p, namespace))
	}
	return written, read
}

// in returns what stands for a pattern in a namespace.
func in(p pattern, namespace string) string {
	if rest, ours := strings.CutPrefix(p.Keys, "NS"); ours {
		return "{" + namespace + "}" + rest
	}
	return p.In(namespace)
}

// examples returns keys that the pattern must match.
func examples(p pattern, namespace string) (keys []string) {
	prefix, _, _ := strings.Cut(p.Keys, "*")
	if strings.HasPrefix(p.Keys, "NS") {
		prefix = "NS"
	}
	for _, end := range p.Ends {
		keys = append(keys, in(pattern{Keys: prefix + end}, namespace))
	}
	return keys
}
