package metrics_test

import (
	"context"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/worker/metrics"
)

// inTime is how long a scrape may take where Redis does not answer: its own
// bound of 2 s, and what a busy machine adds.
const inTime = 10 * time.Second

func TestScrapeAnswersWhileRedisIsAway(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t)
	m := metrics.New()
	client.AddHook(m.Hook())
	handler := m.Handler(subject(client, &fake{}))
	enqueue(t, client, "receipts", 1)
	p := scrape(t, handler)
	p.want(t, map[string]float64{`revoker_redis_up{}`: 1, `revoker_redis_errors_total{kind="other"}`: 0})

	server.Kill()
	eventually(t, "Redis is seen to be away", func() bool {
		began := time.Now()
		p = scrape(t, handler)
		if took := time.Since(began); took > inTime {
			t.Fatalf("a scrape took %v", took)
		}
		return p.series[`revoker_redis_up{}`] == 0
	})
	if shown := append(p.has("revoker_queue_tasks"), p.has("revoker_dead_letters")...); len(shown) > 0 {
		t.Errorf("what nobody knows is shown: %v", shown)
	}
	if len(p.has("revoker_outcomes_total")) == 0 {
		t.Error("what was counted is not shown")
	}
	if err := server.Up(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "Redis is seen to be back", func() bool {
		p = scrape(t, handler)
		return p.series[`revoker_redis_up{}`] == 1
	})
	if p.series[`revoker_redis_errors_total{kind="other"}`] == 0 {
		t.Error("no error of Redis was counted")
	}
}

// A PortOne that does not answer does not make Redis look as if it were down.
func TestScrapeTellsRedisFromPortOne(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	p := scrape(t, metrics.New().Handler(subject(client, &fake{hangs: true})))
	p.want(t, map[string]float64{`revoker_redis_up{}`: 1, `revoker_ready{}`: 0, `revoker_dead_letters{}`: 0})
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	redistest.Eventually(t, 30*time.Second, what, holds)
}

// A Redis that takes connections and says nothing, to a client that waits for
// ever.
func TestScrapeAnswersWhileRedisHangs(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	client := redis.NewClient(&redis.Options{Addr: listener.Addr().String(), ReadTimeout: -1})
	defer client.Close()
	handler := metrics.New().Handler(subject(client, &fake{}))
	began := time.Now()
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			p := scrape(t, handler)
			p.want(t, map[string]float64{`revoker_redis_up{}`: 0})
		})
	}
	all.Wait()
	if took := time.Since(began); took > inTime {
		t.Errorf("three scrapes took %v", took)
	}
}

// commands counts what is sent to Redis, but for how connections are opened.
type commands struct{ count atomic.Int64 }

func (c *commands) add(cmds ...redis.Cmder) {
	if len(cmds) > 0 && !slices.Contains([]string{"hello", "client"}, cmds[0].Name()) {
		c.count.Add(1)
	}
}

func (c *commands) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c *commands) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		c.add(cmd)
		return next(ctx, cmd)
	}
}

func (c *commands) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		c.add(cmds...)
		return next(ctx, cmds)
	}
}

func TestScrapersShareAReading(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	enqueue(t, client, "receipts", 1)
	warm := scrape(t, metrics.New().Handler(subject(client, &fake{}))) // the script is known now
	warm.want(t, map[string]float64{`revoker_redis_up{}`: 1})
	sent := &commands{}
	client.AddHook(sent)
	handler := metrics.New().Handler(subject(client, &fake{}))
	began := time.Now()
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			p := scrape(t, handler)
			p.want(t, map[string]float64{`revoker_queue_tasks{pg="none",queue="receipts",state="pending"}`: 1})
		})
	}
	all.Wait()
	for range 10 {
		scrape(t, handler)
	}
	// A reading is shown for three seconds; on a busy machine scrapes take longer.
	readings := 1 + int64(time.Since(began)/(3*time.Second))
	if got := sent.count.Load(); got > 7*readings {
		t.Errorf("30 scrapes sent %d requests to Redis, want the 7 of each of %d readings", got, readings)
	}
}

func TestAnswersOfRedisAreNoErrors(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	m := metrics.New()
	client.AddHook(m.Hook())
	handler := m.Handler(subject(client, &fake{}))
	_ = client.Get(t.Context(), "nothing").Err()
	_ = client.EvalSha(t.Context(), "0000000000000000000000000000000000000000", nil).Err()
	stopped, stop := context.WithCancel(t.Context())
	stop()
	_ = client.Get(stopped, "nothing").Err()
	p := scrape(t, handler)
	p.want(t, map[string]float64{`revoker_redis_errors_total{kind="other"}`: 0})
	_ = client.Incr(t.Context(), "number").Err()
	_ = client.LPush(t.Context(), "number", 1).Err() // it is no list
	p = scrape(t, handler)
	p.want(t, map[string]float64{`revoker_redis_errors_total{kind="other"}`: 1})
}

// A Redis that answers and refuses is told from one that does not answer.
func TestErrorsOfRedisAreToldApart(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	admin := server.Client(t)
	m := metrics.New()
	handler := m.Handler(subject(admin, &fake{}))
	user := func(name string) *redis.Client {
		client := redis.NewClient(&redis.Options{Addr: server.Addr, Username: name, Password: "pw", MaxRetries: -1})
		t.Cleanup(func() { _ = client.Close() })
		client.AddHook(m.Hook())
		return client
	}
	do := func(client *redis.Client, words ...any) {
		t.Helper()
		if err := client.Do(t.Context(), words...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	refused := func(client *redis.Client, words ...any) {
		t.Helper()
		if err := client.Do(t.Context(), words...).Err(); err == nil {
			t.Fatalf("Redis carries %v out", words)
		}
	}
	do(admin, "acl", "setuser", "few", "on", ">pw", "~a", "+get", "+eval")
	do(admin, "acl", "setuser", "all", "on", ">pw", "~*", "+@all")
	few, all := user("few"), user("all")
	refused(few, "set", "a", "1")
	refused(few, "eval", "return redis.call('SET', 'a', '1')", 0)
	refused(few, "eval", "return redis.call('GET', 'b')", 0)
	do(admin, "config", "set", "maxmemory", "1")
	refused(all, "set", "a", "1")
	do(admin, "config", "set", "maxmemory", "0")
	do(admin, "replicaof", "127.0.0.1", "1")
	refused(all, "set", "a", "1")
	refused(all, "eval", "return redis.call('SET', 'a', '1')", 0)
	do(admin, "replicaof", "no", "one")
	refused(all, "lpush", "a")
	p := scrape(t, handler)
	p.want(t, map[string]float64{
		`revoker_redis_errors_total{kind="noperm"}`:   3,
		`revoker_redis_errors_total{kind="oom"}`:      1,
		`revoker_redis_errors_total{kind="readonly"}`: 2,
		`revoker_redis_errors_total{kind="misconf"}`:  0,
		`revoker_redis_errors_total{kind="other"}`:    1,
	})
}
