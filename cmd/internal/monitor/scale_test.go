package monitor_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/bench/redistest/scale"
	"receiptrevoker/cmd/internal/monitor"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// copyTasks copies the one task of a queue under numbered imp_uids of the same
// length, inside Redis.
//
// KEYS  the task, its queue's list
// ARGV  the task's imp_uid, the first number, how many
var copyTasks = redis.NewScript(`
local task = redis.call('HGETALL', KEYS[1])
local prefix = string.sub(KEYS[1], 1, -#ARGV[1] - 1)
for i = ARGV[2], ARGV[2] + ARGV[3] - 1 do
  local impUID, copy = string.format('imp_%012d', i), {}
  for n = 1, #task do
    copy[n] = string.gsub(task[n], ARGV[1], impUID)
  end
  redis.call('HSET', prefix .. impUID, unpack(copy))
  redis.call('LPUSH', KEYS[2], 'revoke:' .. impUID)
end`)

// moveTasks ends the oldest tasks of a queue.
//
// KEYS  the queue's pending tasks, and those of another of Asynq's states
// ARGV  what stands before the ID in a task's key, that state, the first number, how many
var moveTasks = redis.NewScript(`
for i = ARGV[3], ARGV[3] + ARGV[4] - 1 do
  local id = redis.call('RPOP', KEYS[1])
  redis.call('HSET', ARGV[1] .. id, 'state', ARGV[2])
  redis.call('ZADD', KEYS[2], 1764000000 + i, id)
end`)

// copyOutcomes copies an outcome under numbered imp_uids; all from a number on
// are dead letters of two reasons.
//
// KEYS  the outcome, the list of dead letters
// ARGV  its imp_uid, the first number, how many, the number of the first dead one
var copyOutcomes = redis.NewScript(`
local outcome = redis.call('HGETALL', KEYS[1])
local prefix = string.sub(KEYS[1], 1, -#ARGV[1] - 1)
for i = ARGV[2], ARGV[2] + ARGV[3] - 1 do
  local impUID = string.format('imp_%012d', i)
  redis.call('HSET', prefix .. impUID, unpack(outcome))
  redis.call('HSET', prefix .. impUID, 'imp_uid', impUID)
  if i >= tonumber(ARGV[4]) then
    redis.call('HSET', prefix .. impUID, 'status', 'dead', 'reason', i % 4 == 0 and 'refused' or 'not_issued')
    redis.call('ZADD', KEYS[2], i, impUID)
  end
end`)

var (
	scaleTasks    = scale.Of(10_000, 100_000)
	scaleOutcomes = scale.Of(100_000, 1_000_000)
	scaleDead     = scale.Of(20_000, 200_000)
	scaleBatches  = scale.Of(30, 300)
	// scaleArchived and scaleCompleted are one queue's: as many as Asynq archives,
	// and as many as are done within the hour for which tasks stay to be seen.
	scaleArchived  = 10_000
	scaleCompleted = scale.Of(20_000, 100_000)
	endedStep      = 10_000 // a script that runs for seconds is taken for one that hangs
)

// fill makes a Redis as it is after a very bad day: tasks on both queues of all
// gateways, outcomes, dead letters and batches.
func fill(t *testing.T, client *redis.Client) {
	t.Helper()
	// A script that fills takes seconds on a slow machine: Redis must not take it for one that hangs.
	if err := client.ConfigSet(t.Context(), "lua-time-limit", "0").Err(); err != nil {
		t.Fatal(err)
	}
	each := scaleTasks / (2 * len(tasks.Gateways()))
	for i, pg := range tasks.Gateways() {
		for j, batch := range []string{"", "refunds"} {
			r := tasks.Revocation{ImpUID: fmt.Sprintf("imp_9%010d%d", i, j), PG: pg, Batch: batch, Row: 1}
			enqueue(t, client, r)
			queue := "asynq:{" + tasks.QueueOf(r).Name() + "}:"
			keys := []string{queue + "t:" + tasks.TaskID(r.ImpUID), queue + "pending"}
			from := scaleOutcomes + (2*i+j)*each
			err := copyTasks.Run(t.Context(), client, keys, r.ImpUID, from, each).Err()
			if err != nil && err != redis.Nil {
				t.Fatal(err)
			}
		}
	}
	fillEnded(t, client)
	code := 0
	done := tasks.Revocation{ImpUID: "imp_done", PG: tasks.KCP, Batch: "refunds", Row: 1}
	finish(t, client, done, outcome.Outcome{
		Status: outcome.Revoked, Reason: outcome.ReasonRevoked, HTTPStatus: 200, Code: &code, Receipt: outcome.Receipt{
			ReceiptTID: "tid982395841", ApplyNum: "982395841", Type: "person", Amount: 585_100, VAT: 53_190,
			ReceiptURL: "https://receipts.invalid/982395841", AppliedAt: time.Now(), CancelledAt: time.Now(),
		},
	})
	const step = 50_000
	for from := 0; from < scaleOutcomes; from += step {
		err := copyOutcomes.Run(t.Context(), client, []string{"{receipt}:outcome:imp_done", "{receipt}:dead"},
			done.ImpUID, from, step, scaleOutcomes-scaleDead).Err()
		if err != nil && err != redis.Nil {
			t.Fatal(err)
		}
	}
	fillBatches(t, client)
}

// fillEnded gives one queue tasks that have ended.
func fillEnded(t *testing.T, client *redis.Client) {
	t.Helper()
	r := tasks.Revocation{ImpUID: "imp_800000000000", PG: tasks.KCP, Batch: "ended", Row: 1}
	enqueue(t, client, r)
	queue := "asynq:{" + tasks.QueueOf(r).Name() + "}:"
	run := func(script *redis.Script, keys []string, args ...any) {
		t.Helper()
		if err := script.Run(t.Context(), client, keys, args...).Err(); err != nil && err != redis.Nil {
			t.Fatal(err)
		}
	}
	first := []string{queue + "t:" + tasks.TaskID(r.ImpUID), queue + "pending"}
	for ended := 0; ended < scaleArchived+scaleCompleted; ended += endedStep {
		state := "completed"
		if ended < scaleArchived {
			state = "archived"
		}
		run(copyTasks, first, r.ImpUID, 2*scaleOutcomes+ended, endedStep)
		run(moveTasks, []string{queue + "pending", queue + state}, queue+"t:", state, ended, endedStep)
	}
}

func fillBatches(t *testing.T, client *redis.Client) {
	t.Helper()
	store := outcome.NewStore(client, outcome.Config{})
	for i := range scaleBatches {
		name := fmt.Sprintf("refunds-%03d", i)
		if _, err := store.AskRows(t.Context(), name, "/srv/refunds.csv", 1, nil, nil); err != nil {
			t.Fatal(err)
		}
		var cells []any
		for _, pg := range tasks.Gateways() {
			cells = append(cells, "queued:"+string(pg), 10_000, "revoked:revoked:"+string(pg), 6000)
			for _, reason := range outcome.DeadReasons() {
				cells = append(cells, fmt.Sprintf("dead:%s:%s", reason, pg), 10)
			}
		}
		if err := client.HSet(t.Context(), "{receipt}:batch:"+name, cells...).Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// However much there is, every page answers soon, and watching costs Redis less
// than a hundredth of its time. What counts is Redis' own time, and the best of
// a few answers, so that other work on the machine does not matter.
func TestMillionOutcomesAreWatchedForLittle(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	fill(t, client)
	now := time.Now()
	site := newSite(t, client, monitor.Config{Now: func() time.Time { return now }})
	const pending = "/asynq/api/queues/receipts-bulk-kcp/pending_tasks?size=100&page="
	const completed = "/asynq/api/queues/receipts-bulk-kcp/completed_tasks?size=100&page="
	for _, page := range []struct {
		path  string
		every time.Duration // that a browser asks for it again
		holds string
	}{
		{"/", 5 * time.Second, fmt.Sprintf("%d,000", scaleDead/1000)},
		{"/?q=imp_000000000017", 5 * time.Second, "585,100"},
		{fmt.Sprintf("/?q=imp_%012d", scaleOutcomes+17), 5 * time.Second, "queued"},
		{"/asynq/api/queues", 8 * time.Second, "receipts-kcp"},
		{pending + "1", 8 * time.Second, "NHN KCP"},
		{pending + strconv.Itoa(scaleTasks/2500), 8 * time.Second, "NHN KCP"},
		{"/asynq/api/queues/receipts-bulk-kcp", 8 * time.Second, "receipts-bulk-kcp"},
		{"/asynq/api/queues/receipts-bulk-kcp/archived_tasks?page=1&size=100", 8 * time.Second, "NHN KCP"},
		{"/asynq/api/queues/receipts-bulk-kcp/archived_tasks?page=100&size=100", 8 * time.Second, "NHN KCP"},
		{completed + "1", 8 * time.Second, "NHN KCP"},
		{completed + strconv.Itoa(scaleCompleted/100), 8 * time.Second, "NHN KCP"},
		{"/asynq/api/queues/receipts-bulk-kcp/retry_tasks?page=1&size=100", 8 * time.Second, "tasks"},
		{"/asynq/api/servers", 8 * time.Second, "servers"},
		{"/asynq/api/redis_info", 8 * time.Second, "redis_version"},
		{"/asynq/api/queue_stats", 8 * time.Second, "receipts-bulk-kcp"},
	} {
		times := scale.Of(20, 60)
		first, best, worst := time.Duration(0), time.Hour, time.Duration(0)
		before := redistest.CPU(t, client)
		for i := range times {
			now = now.Add(page.every)
			began := time.Now()
			w := ask(site, "GET", page.path, "Accept-Language", "en")
			took := time.Since(began)
			if i == 0 {
				first = took
			}
			best, worst = min(best, took), max(worst, took)
			if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), page.holds) {
				t.Fatalf("%s: %d without %s\n%s", page.path, w.Code, page.holds, w.Body)
			}
		}
		spent := (redistest.CPU(t, client) - before) / time.Duration(times)
		share := 100 * float64(spent) / float64(page.every)
		t.Logf("%-70s first %6.1f ms, best %6.1f, worst %6.1f; Redis %6d µs each, %.3f %% of its time",
			page.path, ms(first), ms(best), ms(worst), spent.Microseconds(), share)
		if best > 200*time.Millisecond {
			t.Errorf("%s takes %v, want less than 200ms", page.path, best)
		}
		if share >= 1 {
			t.Errorf("%s costs %.2f %% of Redis' time, want less than 1", page.path, share)
		}
	}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
