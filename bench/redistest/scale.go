package redistest

import (
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest/redisserver"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys/asynqkeystest"
)

// fillOutcomes fills a store with outcomes: of 20, one is open, one a dead
// letter, and each leaves an event.
//
// KEYS  set of the open ones, set of dead letters, stream
// ARGV  what stands before an imp_uid in an outcome's key, the first number, how many
var fillOutcomes = redis.NewScript(`
for i = ARGV[2], ARGV[2] + ARGV[3] - 1 do
  local imp_uid = string.format('imp_%012d', i)
  redis.call('HSET', ARGV[1] .. imp_uid, 'imp_uid', imp_uid, 'pg', 'kcp',
    'status', 'revoked', 'reason', 'revoked', 'attempts', 1)
  redis.call('XADD', KEYS[3], '*', 'imp_uid', imp_uid, 'status', 'revoked')
  if i % 20 == 0 then
    redis.call('ZADD', KEYS[1], i, imp_uid)
  elseif i % 20 == 10 then
    redis.call('ZADD', KEYS[2], i, imp_uid)
  end
end`)

// FillQueues puts about so many tasks in all on both queues of every gateway, on the common ones, and
// on the others named: the same number on each, which it returns. They are for counting: they cannot be
// carried out.
func FillQueues(t testing.TB, client *redis.Client, count int, others ...string) (each int) {
	t.Helper()
	names := others
	for _, pg := range append(tasks.Gateways(), "") {
		names = append(names, tasks.Queue{PG: pg}.Name(), tasks.Queue{PG: pg, Bulk: true}.Name())
	}
	each = count / len(names)
	for _, name := range names {
		if err := asynqkeystest.Fill(t.Context(), client, name, each); err != nil {
			t.Fatal(err)
		}
	}
	return each
}

// FillOutcomes puts so many outcomes in the namespace receipt, as [fillOutcomes] makes them.
func FillOutcomes(t testing.TB, client *redis.Client, count int) {
	t.Helper()
	// step is how many outcomes one script makes. Redis answers BUSY to others while a script runs for
	// more than five seconds, see busy-reply-threshold in redis.conf.
	const step = 10_000
	keys := []string{"{receipt}:open", "{receipt}:dead", "{receipt}:outcomes"}
	for from := 0; from < count; from += step {
		fill(t, client, fillOutcomes, keys, "{receipt}:outcome:", from, min(step, count-from))
	}
}

// fill runs a script whose reply is nil, which go-redis returns as an error.
func fill(t testing.TB, client *redis.Client, script *redis.Script, keys []string, args ...any) {
	t.Helper()
	if err := script.Run(t.Context(), client, keys, args...).Err(); err != nil && !errors.Is(err, redis.Nil) {
		t.Fatal(err)
	}
}

// CPU returns the CPU time that a server has used, its own and the kernel's. miniredis does not tell
// it.
func CPU(t testing.TB, client *redis.Client) time.Duration {
	t.Helper()
	used, err := redisserver.CPU(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	return used
}
