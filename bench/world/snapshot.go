package world

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// lostSpan is how much Redis loses: what it had not written to its disk yet, with appendfsync
// everysec.
const lostSpan = time.Second

// readAll reads all there is in one atomic step, as a disk would have it at one moment.
var readAll = redis.NewScript(`
local all = {}
local how = {
  string = {'GET'}, hash = {'HGETALL'}, list = {'LRANGE', 0, -1}, set = {'SMEMBERS'},
  zset = {'ZRANGE', 0, -1, 'WITHSCORES'}, stream = {'XRANGE', '-', '+'},
}
for _, key in ipairs(redis.call('KEYS', '*')) do
  local kind = redis.call('TYPE', key)
  kind = type(kind) == 'table' and kind.ok or kind
  local command = how[kind]
  all[#all + 1] = {key, kind, redis.call('PTTL', key), redis.call(command[1], key, unpack(command, 2))}
end
return all`)

// snapshot returns all that Redis holds at this moment.
func (r *redisServer) snapshot() []any {
	all, err := readAll.Run(context.Background(), r.direct, []string{}).Slice()
	if err != nil {
		// No fault stands between this client and the memory.
		panic(fmt.Sprintf("world: snapshot: %v", err))
	}
	return all
}

// restore makes Redis hold what it held at the time of a snapshot, and nothing else. No client
// may be connected, but for the direct one.
func (r *redisServer) restore(all []any) {
	// Commands that have arrived end first.
	time.Sleep(time.Millisecond)
	r.memory.FlushAll()
	pipe := r.direct.Pipeline()
	for _, entry := range all {
		e := entry.([]any)
		key, values := e[0].(string), e[3]
		switch e[1].(string) {
		case "string":
			pipe.Set(context.Background(), key, values, 0)
		case "hash":
			pipe.HSet(context.Background(), key, values.([]any)...)
		case "list":
			pipe.RPush(context.Background(), key, values.([]any)...)
		case "set":
			pipe.SAdd(context.Background(), key, values.([]any)...)
		case "zset":
			// Scores are texts in both directions, so that none is rounded.
			for pair := values.([]any); len(pair) > 0; pair = pair[2:] {
				pipe.Do(context.Background(), "ZADD", key, pair[1], pair[0])
			}
		case "stream":
			for _, entry := range values.([]any) {
				fields := entry.([]any)
				pipe.Do(context.Background(), append([]any{"XADD", key, fields[0]}, fields[1].([]any)...)...)
			}
		}
		// A key that does not expire has a PTTL of -1.
		if ttl := e[2].(int64); ttl > 0 {
			pipe.PExpire(context.Background(), key, time.Duration(ttl)*time.Millisecond)
		}
	}
	if _, err := pipe.Exec(context.Background()); err != nil {
		panic(fmt.Sprintf("world: restore: %v", err))
	}
}
