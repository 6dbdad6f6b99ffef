package doctor_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/cmd/internal/doctor"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

func enqueue(t *testing.T, client redis.UniversalClient, r tasks.Revocation, options ...asynq.Option) {
	t.Helper()
	task, err := tasks.NewTask(r, options...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := asynq.NewClientFromRedisClient(client).EnqueueContext(t.Context(), task, options...); err != nil {
		t.Fatal(err)
	}
}

func TestQueuesThatNobodyServes(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		c := config(client)
		for i := range 3 {
			enqueue(t, client, tasks.Revocation{ImpUID: fmt.Sprint("imp_", i), PG: tasks.KCP})
		}
		enqueue(t, client, tasks.Revocation{ImpUID: "imp_single"})
		examine(t, c).want(t, "older-workers", wanted{doctor.OK, "protocol 2"})
		client.LMove(t.Context(), "asynq:{receipts-kcp}:pending", "asynq:{receipts-kcp}:active", "RIGHT", "LEFT") // a worker died with it
		examine(t, c).want(t, "queues", wanted{doctor.Warning, "0 workers, 4 tasks wait in 2 queues, for no open request; no worker serves receipts (1), receipts-kcp (3)"})
		client.LMove(t.Context(), "asynq:{receipts-kcp}:active", "asynq:{receipts-kcp}:pending", "RIGHT", "LEFT")

		// A worker that serves one of them, and takes nothing: its queue is paused.
		inspector := asynq.NewInspectorFromRedisClient(client)
		if err := inspector.PauseQueue("receipts-kcp"); err != nil {
			t.Fatal(err)
		}
		server := asynq.NewServerFromRedisClient(client, asynq.Config{Queues: map[string]int{"receipts-kcp": 1}, LogLevel: asynq.FatalLevel})
		if err := server.Start(asynq.HandlerFunc(func(context.Context, *asynq.Task) error { return nil })); err != nil {
			t.Fatal(err)
		}
		defer server.Shutdown()
		found := examineUntil(t, c, "queues", "1 worker, ")
		found.want(t, "queues", wanted{doctor.Warning, "no worker serves receipts (1)"})
		found.want(t, "older-workers", wanted{doctor.Warning, fmt.Sprintf(":%d (another program)", os.Getpid())})
		found.want(t, "paused", wanted{doctor.Warning, "receipts-kcp (3)"})
	})
}

// Tasks of cancelled requests are told from those that wait for a worker: no worker at all is a
// failure only where one is wanted.
func TestQueuesOfWhatIsCancelled(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		c, ctx := config(client), t.Context()
		for _, impUID := range []string{"imp_1", "imp_2", "imp_3"} {
			r := tasks.Revocation{ImpUID: impUID, PG: tasks.KCP}
			if _, err := c.Outcomes.Ask(ctx, r); err != nil {
				t.Fatal(err)
			}
			enqueue(t, client, r)
		}
		if err := asynq.NewInspectorFromRedisClient(client).PauseQueue("receipts-kcp"); err != nil {
			t.Fatal(err)
		}
		want := func(level doctor.Level, of, paused string) {
			t.Helper()
			found := examine(t, c)
			found.want(t, "queues", wanted{level, "0 workers, 3 tasks wait in 1 queue" + of + "; no worker serves receipts-kcp (3)"})
			found.want(t, "paused", wanted{doctor.Warning, "receipts-kcp (3)" + paused})
		}
		want(doctor.Failure, "", "")
		cancel := func(impUIDs ...string) {
			if _, err := c.Outcomes.Cancel(ctx, impUIDs, false); err != nil {
				t.Fatal(err)
			}
		}
		cancel("imp_1", "imp_2")
		want(doctor.Failure, ", 2 of them cancelled", ", 2 of them cancelled")
		examine(t, c).want(t, "overdue", wanted{doctor.OK, "3 requests are open, 2 of them cancelled, 0 of them for more"})
		for _, impUID := range []string{"imp_1", "imp_2"} { // their tasks stay in the queue
			attempt, err := c.Outcomes.Begin(ctx, tasks.Revocation{ImpUID: impUID}, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			over := outcome.Outcome{Status: outcome.Dead, Reason: outcome.ReasonWithdrawn}
			if _, err := c.Outcomes.Finish(ctx, attempt, over); err != nil {
				t.Fatal(err)
			}
		}
		want(doctor.Failure, ", for 1 open request", ", for 1 open request")
		cancel("imp_3")
		want(doctor.Warning, ", for 1 open request, all cancelled", ", for 1 open request, all cancelled")
	})
}

func TestTasksThatWentAstray(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	ctx, queue := t.Context(), asynq.NewClientFromRedisClient(client)
	for i := range 5 {
		if _, err := queue.EnqueueContext(ctx, asynq.NewTask("mail:send", nil), asynq.Queue("mail")); err != nil {
			t.Fatal(err)
		}
		enqueue(t, client, tasks.Revocation{ImpUID: fmt.Sprint("imp_", i)}, asynq.Queue("default"))
	}
	examine(t, config(client)).want(t, "strays", wanted{doctor.Warning, "no worker serves: default (5 tasks) "})
	if err := asynq.NewInspectorFromRedisClient(client).DeleteQueue("default", true); err != nil {
		t.Fatal(err)
	}
	examine(t, config(client)).want(t, "strays", wanted{doctor.OK, "in 1 queue of others"})
}

// Who may look at our queues alone, as workers do, hears of these.
func TestQueuesOfOthersThatMayNotBeSeen(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--appendonly", "yes")
	admin := server.Client(t)
	enqueue(t, admin, tasks.Revocation{ImpUID: "imp_1"})
	enqueue(t, admin, tasks.Revocation{ImpUID: "imp_2"}, asynq.Queue("mail"))
	rights := []any{
		"acl", "setuser", "worker", "on", ">pw", "~asynq:queues", "~asynq:{receipts*", "~asynq:servers*", "~asynq:workers*",
		"~{receipt}:*", "&*", "+@all",
	}
	if err := admin.Do(t.Context(), rights...).Err(); err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(&redis.Options{Addr: server.Addr, Username: "worker", Password: "pw"})
	defer client.Close()
	found := examine(t, config(client))
	found.want(t, "queues", wanted{doctor.Warning, "no worker serves receipts (1)"})
	found.want(t, "archive", wanted{doctor.OK, "at most 0"})
	found.want(t, "strays", wanted{doctor.Unknown, "not allowed to look: reading the queues of others is forbidden"})
}

func TestActiveTasksWithoutALease(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		ctx := t.Context()
		for i := range 4 {
			enqueue(t, client, tasks.Revocation{ImpUID: fmt.Sprint("imp_", i), PG: tasks.KCP})
			client.LMove(ctx, "asynq:{receipts-kcp}:pending", "asynq:{receipts-kcp}:active", "RIGHT", "LEFT")
			lease := redis.Z{Score: float64(time.Now().Unix()), Member: tasks.TaskID(fmt.Sprint("imp_", i))}
			client.ZAdd(ctx, "asynq:{receipts-kcp}:lease", lease)
		}
		examine(t, config(client)).want(t, "leases", wanted{doctor.OK, "every active task has a lease"})
		client.ZRem(ctx, "asynq:{receipts-kcp}:lease", tasks.TaskID("imp_0"), tasks.TaskID("imp_1"), tasks.TaskID("imp_2"))
		client.Del(ctx, "asynq:{receipts-kcp}:t:"+tasks.TaskID("imp_1"))
		for range 2 { // it changes nothing
			examine(t, config(client)).want(t, "leases", wanted{
				doctor.Warning, "2 tasks are active without a lease, and 1 more ID without a task: receipts-kcp (3)",
			})
		}
	})
}

func TestArchiveNearItsLimit(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t, "--appendonly", "yes").Client(t)
	enqueue(t, client, tasks.Revocation{ImpUID: "imp_1"})
	fill(t, client, "asynq:{receipts}:archived", 4999)
	examine(t, config(client)).want(t, "archive", wanted{doctor.OK, "at most 4999"})
	fill(t, client, "asynq:{receipts}:archived", 5000)
	examine(t, config(client)).want(t, "archive", wanted{doctor.Warning, "receipts (5000)"})
}

// fill gives a sorted set n members.
func fill(t *testing.T, client redis.UniversalClient, key string, n int) {
	t.Helper()
	script := redis.NewScript(`for i = 1, tonumber(ARGV[1]) do redis.call('ZADD', KEYS[1], i, 'm' .. i) end`)
	if err := script.Run(t.Context(), client, []string{key}, n).Err(); err != nil && err != redis.Nil {
		t.Fatal(err)
	}
}

func TestOutcomesThatNobodyGoesOnWith(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		store := outcome.NewStore(client, outcome.Config{})
		c := config(client)
		c.Outcomes = store
		for i := range 3 {
			if _, err := store.Begin(t.Context(), tasks.Revocation{ImpUID: fmt.Sprint("imp_", i)}, time.Minute); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := store.Ask(t.Context(), tasks.Revocation{ImpUID: "imp_asked"}); err != nil {
			t.Fatal(err)
		}
		examine(t, c).want(t, "overdue", wanted{doctor.OK, "4 requests are open, 0 of them"})
		for _, impUID := range []string{"imp_1", "imp_asked"} {
			due := redis.Z{Score: float64(time.Now().Add(-time.Hour).UnixMilli()), Member: impUID}
			if err := client.ZAddXX(t.Context(), "{receipt}:open", due).Err(); err != nil {
				t.Fatal(err)
			}
		}
		examine(t, c).want(t, "overdue", wanted{doctor.Warning, "4 requests are open, 2 of them for more than 10 minutes overdue"})
		enqueue(t, client, tasks.Revocation{ImpUID: "imp_1"})
		enqueue(t, client, tasks.Revocation{ImpUID: "imp_asked"})
		inspector := asynq.NewInspectorFromRedisClient(client)
		if err := inspector.PauseQueue("receipts"); err != nil {
			t.Fatal(err)
		}
		examine(t, c).want(t, "overdue", wanted{doctor.OK, "4 requests are open, 0 of them for more than 10 minutes overdue, without 2 that wait in paused queues"})
	})
}
