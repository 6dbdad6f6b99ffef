package rights

import (
	"strings"

	"receiptrevoker/tasks"
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

// pattern is a pattern of keys, as ACL SETUSER takes it, and the ends of keys that it must
// match. NS stands for the namespace in braces, QUEUE for asynq:{ and the prefix of all queues.
type pattern struct {
	keys string
	ends []string
}

var registry = pattern{"asynq:queues", []string{""}}

// Worker is the role of a worker.
var Worker = Role{
	User: "revoker-worker",
	commands: "time persist set setex del exists expire expireat pexpire pttl get incr hdel hexists hget hgetall hincrby " +
		"hmget hset hsetnx lindex llen lpush lrange lrem rpoplpush rpush sadd sismember smembers srem zadd zcard zcount " +
		"zrevrange zrange zrangebyscore zrem zremrangebyrank zremrangebyscore zscore setbit xadd xlen xrange",
	written: []pattern{
		{"NS:*", []string{":trial", ":open", ":outcomes"}},
		registry,
		{"QUEUE*", []string{"}:pending", "-bulk-kcp}:active"}},
		{"asynq:servers*", []string{"", ":{trial}"}},
		{"asynq:workers*", []string{"", ":{trial}"}},
	},
}

// Producer is the role of those who ask for revocations.
var Producer = Role{
	User: "revoker-producer",
	commands: "time del exists pexpire pttl get hdel hexists hget hgetall hincrby hmget hset lpush sadd smembers zadd " +
		"zrangebyscore zrem zrevrange setbit strlen getrange setrange xadd xread xrevrange",
	written: []pattern{
		{"NS:batch:*", []string{":batch:trial"}},
		registry,
		{"QUEUE*}:t:*", []string{"}:t:trial", "-bulk-kcp}:t:trial"}},
		{"QUEUE*}:pending", []string{"}:pending", "-bulk-kcp}:pending"}},
		{"QUEUE*}:archived", []string{"}:archived"}},
		{"QUEUE*}:completed", []string{"}:completed"}},
		{"QUEUE*}:retry", []string{"}:retry"}},
		{"QUEUE*}:scheduled", []string{"}:scheduled"}},
		{"QUEUE*}:unique:*", []string{"}:unique:trial"}},
		{"NS:open", []string{":open"}},
		{"NS:request:*", []string{":request:trial"}},
		{"NS:batch-index", []string{":batch-index"}},
		{"NS:batches", []string{":batches"}},
	},
	read: []pattern{
		{"QUEUE*}:paused", []string{"}:paused"}},
		{"asynq:servers*", []string{"", ":{trial}"}},
		{"NS:outcome:*", []string{":outcome:trial"}},
		{"NS:outcomes", []string{":outcomes"}},
		{"NS:hold", []string{":hold"}},
	},
}

// Operator is the role of people who deal with what was asked for. It leaves out PUBLISH, which
// cannot be tried without effect.
var Operator = Role{
	User: "revoker-operator",
	commands: "time del exists persist pexpire pttl get set hdel hexists hget hgetall hincrby hmget hset hsetnx hvals " +
		"lindex llen lpush lrange lrem sadd sismember smembers srem zadd zcard zcount zrange zrangebyscore zrem " +
		"zremrangebyrank zremrangebyscore zrevrange zscan zscore setbit strlen getrange setrange xadd xread xrevrange",
	written: []pattern{
		{"NS:*", []string{":trial", ":open", ":outcomes"}},
		{"asynq:*", []string{"queues", "servers", "{receipts-kcp}:pending"}},
	},
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
		written = append(written, p.in(namespace))
	}
	for _, p := range r.read {
		read = append(read, p.in(namespace))
	}
	return written, read
}

func (p pattern) in(namespace string) string {
	queue := "asynq:{" + tasks.Queue{}.In(namespace).Name()
	return strings.NewReplacer("NS", "{"+namespace+"}", "QUEUE", queue).Replace(p.keys)
}

// examples returns keys that the pattern must match.
func (p pattern) examples(namespace string) (keys []string) {
	prefix, _, _ := strings.Cut(p.keys, "*")
	switch {
	case strings.HasPrefix(p.keys, "NS"):
		prefix = "NS"
	case strings.HasPrefix(p.keys, "QUEUE"):
		prefix = "QUEUE"
	}
	for _, end := range p.ends {
		keys = append(keys, pattern{keys: prefix + end}.in(namespace))
	}
	return keys
}
