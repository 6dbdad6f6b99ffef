package doctor_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/backlog"
	"receiptrevoker/tasks/redistest"
	"receiptrevoker/worker/doctor"
)

// What there is when the doctor's cost is measured.
const (
	scaleTasks    = 100_000
	scaleOutcomes = 1_000_000
)

// fillTasks fills a queue with tasks that Asynq could have enqueued.
//
// KEYS  the queue's pending tasks
// ARGV  what stands before the ID in a task's key, how many
var fillTasks = redis.NewScript(`
for i = 1, ARGV[2] do
  local id = string.format('revoke:imp_%012d', i)
  redis.call('HSET', ARGV[1] .. id, 'msg', string.rep('x', 200), 'state', 'pending', 'pending_since', 1764000000000000000 + i)
  redis.call('LPUSH', KEYS[1], id)
end`)

// fillOutcomes fills a store with outcomes: of 20, one is open, one a dead
// letter, and each leaves an event.
//
// KEYS  set of the open ones, set of dead letters, stream
// ARGV  what stands before an imp_uid in an outcome's key, the first number, how many
var fillOutcomes = redis.NewScript(`
for i = ARGV[2], ARGV[2] + ARGV[3] - 1 do
  local imp_uid = string.format('imp_%012d', i)
  redis.call('HSET', ARGV[1] .. imp_uid, 'imp_uid', imp_uid, 'pg', 'kcp', 'status', 'revoked', 'reason', 'revoked', 'attempts', 1)
  redis.call('XADD', KEYS[3], '*', 'imp_uid', imp_uid, 'status', 'revoked')
  if i % 20 == 0 then
    redis.call('ZADD', KEYS[1], i, imp_uid)
  elseif i % 20 == 10 then
    redis.call('ZADD', KEYS[2], i, imp_uid)
  end
end`)

// fillAll fills a Redis with tasks on both queues of all gateways, and one of
// somebody else's, and with outcomes.
func fillAll(t *testing.T, client *redis.Client) {
	t.Helper()
	names := []string{"mail"}
	for _, pg := range append(tasks.Gateways(), "") {
		names = append(names, tasks.Queue{PG: pg}.Name(), tasks.Queue{PG: pg, Bulk: true}.Name())
	}
	run := func(script *redis.Script, keys []string, args ...any) {
		t.Helper()
		if err := script.Run(t.Context(), client, keys, args...).Err(); err != nil && err != redis.Nil {
			t.Fatal(err)
		}
	}
	for _, name := range names {
		run(fillTasks, []string{backlog.Key(name, "pending")}, backlog.Key(name, "t:"), scaleTasks/len(names))
		if err := client.SAdd(t.Context(), backlog.Registry, name).Err(); err != nil {
			t.Fatal(err)
		}
	}
	const step = 10_000 // a script that runs for seconds is taken for one that hangs
	for from := 0; from < scaleOutcomes; from += step {
		run(fillOutcomes, []string{"{receipt}:open", "{receipt}:dead", "{receipt}:outcomes"}, "{receipt}:outcome:", from, step)
	}
}

// busy returns the processor time that Redis has used.
func busy(t *testing.T, client *redis.Client) (used time.Duration) {
	t.Helper()
	text, err := client.Info(t.Context(), "cpu").Result()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		if name == "used_cpu_sys" || name == "used_cpu_user" {
			seconds, err := strconv.ParseFloat(value, 64)
			if err != nil {
				t.Fatal(err)
			}
			used += time.Duration(seconds * float64(time.Second))
		}
	}
	return used
}

// An examination costs next to nothing, whatever there is.
func TestExaminationOfAMillionOutcomesCostsLittle(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	fillAll(t, client)
	const times, most = 50, 10 * time.Millisecond
	best, before := time.Hour, busy(t, client)
	for range times {
		began := time.Now()
		found := examine(t, config(client))
		best = min(best, time.Since(began))
		found.want(t, "queues", wanted{doctor.Warning, fmt.Sprintf("0 workers, %d tasks wait in 24 queues", 24*(scaleTasks/25))})
		found.want(t, "dead-letters", wanted{doctor.OK, fmt.Sprint(scaleOutcomes / 20)})
		if t.Failed() {
			return
		}
	}
	spent := (busy(t, client) - before) / times
	t.Logf("an examination takes %v at best, %v of them Redis' processor time", best, spent)
	if spent > most || best > time.Second {
		t.Errorf("an examination takes %v and Redis %v, want at most a second and %v", best, spent, most)
	}
}
