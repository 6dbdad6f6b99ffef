package fetch_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/wait"
	"receiptrevoker/tasks/wake"
	"receiptrevoker/worker/complaint"
	"receiptrevoker/worker/fetch"
	"receiptrevoker/worker/pulse"
	"receiptrevoker/worker/roundtrip"
)

const (
	single = "receipts-kcp"
	bulk   = "receipts-bulk-kcp"
	// seldom is a poll that no test waits for.
	seldom = time.Hour
)

// scripts counts the scripts that Redis is asked to run, by their first key.
type scripts struct {
	mu    sync.Mutex
	asked map[string]int
	slow  atomic.Bool // whether the answers to several scripts in one round trip come late
}

func (s *scripts) DialHook(next redis.DialHook) redis.DialHook { return next }

func (s *scripts) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		for _, cmd := range cmds {
			s.count(cmd)
		}
		err := next(ctx, cmds)
		if s.slow.Load() {
			time.Sleep(50 * time.Millisecond)
		}
		return err
	}
}

func (s *scripts) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		s.count(cmd)
		return next(ctx, cmd)
	}
}

func (s *scripts) count(cmd redis.Cmder) {
	if strings.HasPrefix(cmd.Name(), "eval") {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.asked[cmd.Args()[3].(string)]++
	}
}

// of returns how often a key of a queue came first.
func (s *scripts) of(queue, key string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[asynqkeys.Key(queue, key)]
}

// fleet is one of Asynq's servers.
type fleet struct {
	client  *redis.Client // of the server
	scripts *scripts
	queues  *fetch.Queues
	stop    context.CancelFunc
	done    sync.WaitGroup
	// shutdown waits until the server has ended.
	shutdown func()

	mu    sync.Mutex
	taken []string // IDs of tasks, in the order in which handlers got them
}

// start starts a server on a Redis, which has room for so many tasks of a gateway and handles each for as long as
// given.
func start(t *testing.T, client *redis.Client, room int, poll, takes time.Duration) *fleet {
	t.Helper()
	own := redis.NewClient(client.Options())
	t.Cleanup(func() { own.Close() })
	f := &fleet{client: own, scripts: &scripts{asked: make(map[string]int)}}
	own.AddHook(f.scripts)
	f.queues = &fetch.Queues{
		Redis: own, Namespace: tasks.DefaultNamespace, Poll: poll,
		Complaints: complaint.NewLog(slog.New(slog.DiscardHandler)), Pulse: pulse.New(),
	}
	ctx, stop := context.WithCancel(context.Background())
	f.stop = stop
	f.done.Go(func() { f.queues.Run(ctx) })
	t.Cleanup(stop)
	handler := asynq.HandlerFunc(func(ctx context.Context, _ *asynq.Task) error {
		id, _ := asynq.GetTaskID(ctx)
		f.mu.Lock()
		f.taken = append(f.taken, id)
		f.mu.Unlock()
		return wait.For(ctx, takes)
	})
	gateways := []tasks.Gateway{tasks.KCP, tasks.Nice}
	asking := f.queues.Client(roundtrip.New(context.Background(), own), gateways, room)
	server := asynq.NewServerFromRedisClient(asking, asynq.Config{
		Concurrency: room * len(gateways),
		Queues:      asynqkeys.Weights(tasks.DefaultNamespace, gateways...), StrictPriority: true,
		TaskCheckInterval: 200 * time.Microsecond, DelayedTaskCheckInterval: 10 * time.Millisecond,
		LogLevel:        asynq.FatalLevel,
		ShutdownTimeout: 10 * time.Millisecond, // a task that runs goes back to its queue
	})
	if err := server.Start(asking.Handler(handler)); err != nil {
		t.Fatal(err)
	}
	f.shutdown = sync.OnceFunc(server.Shutdown)
	t.Cleanup(func() {
		f.stop()
		f.shutdown()
		f.done.Wait()
	})
	return f
}

// count returns how many tasks were taken.
func (f *fleet) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.taken)
}

// await waits until so many tasks were taken.
func (f *fleet) await(t *testing.T, count int, within time.Duration) {
	t.Helper()
	redistest.Eventually(t, within, fmt.Sprintf("%d tasks taken", count), func() bool { return f.count() == count })
}

// awaitMoreThan waits until more than so many tasks were taken.
func (f *fleet) awaitMoreThan(t *testing.T, count int) {
	t.Helper()
	redistest.Eventually(t, 10*time.Second, "some lines taken", func() bool { return f.count() > count })
}

// idle waits until the server has found both queues empty, and returns how often it asked.
func (f *fleet) idle(t *testing.T) (asked int) {
	t.Helper()
	redistest.Eventually(t, 5*time.Second, "an idle server", func() bool {
		before := f.asked()
		time.Sleep(50 * time.Millisecond)
		return before > 0 && before == f.asked()
	})
	return f.asked()
}

func (f *fleet) asked() int { return f.scripts.of(single, "pending") + f.scripts.of(bulk, "pending") }

// enqueuing enqueues the task of a request.
type enqueuing func(t *testing.T, r tasks.Revocation, opts ...asynq.Option)

// producer enqueues tasks, and tells of them unless it is silent.
func producer(client *redis.Client, silent bool) enqueuing {
	p := asynqkeys.Producer{Redis: client, Asynq: asynq.NewClientFromRedisClient(client), Namespace: tasks.DefaultNamespace}
	if !silent {
		p.Wake = wake.New(client, tasks.DefaultNamespace).Wake
	}
	return func(t *testing.T, r tasks.Revocation, opts ...asynq.Option) {
		t.Helper()
		if enqueued, err := p.Enqueue(t.Context(), r, opts...); err != nil || !enqueued {
			t.Fatalf("%s is not enqueued: %v", r.ImpUID, err)
		}
	}
}

func revocation(n int, batch string) tasks.Revocation {
	return tasks.Revocation{ImpUID: fmt.Sprintf("imp_%012d", n), PG: tasks.KCP, Batch: batch}
}

// enqueueList enqueues so many lines, and returns what enqueues more.
func enqueueList(t *testing.T, client *redis.Client, lines int) enqueuing {
	t.Helper()
	enqueue := producer(client, false)
	for i := range lines {
		enqueue(t, revocation(i, "b"))
	}
	return enqueue
}

func TestIdleServerAsksForNothingAndIsWoken(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		f := start(t, client, 12, seldom, 0)
		enqueue := producer(client, false)
		redistest.Eventually(t, 20*time.Second, "a server that asks for nothing", func() bool {
			asked := f.idle(t)
			time.Sleep(300 * time.Millisecond)
			return f.asked() == asked
		})
		for i, batch := range []string{"", "b", "", "b"} {
			enqueue(t, revocation(i, batch))
			f.await(t, i+1, 5*time.Second)
			f.idle(t)
		}
	})
}

func TestWorkOfOneWhoDoesNotTellIsSeen(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		f := start(t, client, 8, 20*time.Millisecond, 0)
		f.idle(t)
		enqueue := producer(client, true)
		enqueue(t, revocation(1, ""))
		enqueue(t, revocation(2, "b"))
		enqueue(t, revocation(3, "b"))
		f.await(t, 3, 5*time.Second)
	})
}

func TestRetryThatIsDueIsTaken(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		f := start(t, client, 4, 20*time.Millisecond, 0)
		f.idle(t)
		producer(client, true)(t, revocation(1, "b"), asynq.ProcessIn(3*time.Second)) // Asynq counts whole seconds
		forwards := f.scripts.of(bulk, "scheduled")
		time.Sleep(700 * time.Millisecond)
		if got := f.scripts.of(bulk, "scheduled"); got != forwards || f.count() > 0 {
			t.Errorf("%d scripts looked for what is due before anything was, and %d tasks were taken", got-forwards, f.count())
		}
		f.await(t, 1, 10*time.Second)
	})
}

func TestEmptyQueueIsNotAskedForBesideAFullOne(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		const lines = 300
		enqueueList(t, client, lines)
		f := start(t, client, 4, seldom, 0)
		f.await(t, lines, 20*time.Second)
		f.idle(t)
		if asked := f.scripts.of(single, "pending"); asked > 3 {
			t.Errorf("the empty queue was asked for %d times", asked)
		}
		if asked := f.scripts.of(bulk, "pending"); asked > lines+5 {
			t.Errorf("a queue of %d tasks was asked for %d times", lines, asked)
		}
	})
}

// A server takes as many tasks as there is room for, in few round trips.
func TestTakesAsManyAsThereIsRoomFor(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		enqueueList(t, client, 20)
		f := start(t, client, 4, seldom, time.Hour)
		f.await(t, 4, 10*time.Second)
		time.Sleep(100 * time.Millisecond)
		active := client.LLen(t.Context(), asynqkeys.Key(bulk, "active")).Val()
		if left := client.LLen(t.Context(), asynqkeys.Key(bulk, "pending")).Val(); active != 4 || left != 16 {
			t.Errorf("%d tasks are active and %d wait, want 4 and 16", active, left)
		}
	})
}

// What was taken has begun before the server stops: no task waits for the end of a lease.
func TestWhatWasTakenBeginsBeforeTheServerStops(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		enqueueList(t, client, 400)
		f := start(t, client, 8, seldom, time.Millisecond)
		f.scripts.slow.Store(true)
		f.awaitMoreThan(t, 40)
		f.stop() // most probably while Redis' answers are under way
		f.done.Wait()
		f.queues.Drain(t.Context())
		f.shutdown()
		active := client.LLen(t.Context(), asynqkeys.Key(bulk, "active")).Val()
		left := client.LLen(t.Context(), asynqkeys.Key(bulk, "pending")).Val()
		if active != 0 || f.count()+int(left) < 400 {
			t.Errorf("%d tasks are active, %d were taken, and %d wait", active, f.count(), left)
		}
	})
}

// A single request passes a list, also while the list takes up all room.
func TestSingleTaskPassesAList(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		const lines = 400
		enqueue := enqueueList(t, client, lines)
		f := start(t, client, 8, seldom, 10*time.Millisecond)
		f.awaitMoreThan(t, 20)
		enqueue(t, revocation(lines, ""))
		f.await(t, lines+1, 30*time.Second)
		at := slices.Index(f.taken, tasks.TaskID(revocation(lines, "").ImpUID))
		if at > lines/2 {
			t.Errorf("a single task was taken as number %d of %d", at+1, lines+1)
		}
	})
}

// One sign of work is enough to fill all room.
func TestOneSignFillsAllRoom(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		f := start(t, client, 12, seldom, time.Minute)
		f.idle(t)
		silent := producer(client, true)
		for i := range 12 {
			silent(t, revocation(i, "b"))
		}
		wake.New(client, tasks.DefaultNamespace).Wake(bulk)
		f.await(t, 12, 10*time.Second)
	})
}

// A sign that comes while the server finds a queue empty is not lost: the task came after the look.
func TestSignDuringALookCounts(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		f := start(t, client, 8, seldom, 0)
		enqueue := producer(client, false)
		const count = 300
		for i := range count { // as soon as the last is taken, while the server looks for the next
			enqueue(t, revocation(i, []string{"", "b"}[i%2]))
			f.await(t, i+1, 10*time.Second)
		}
	})
}

// The gateways take turns: the list of one does not stand in front of that of another, whose tasks come later.
func TestGatewaysTakeTurns(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		const lines = 400
		enqueue := enqueueList(t, client, lines)
		f := start(t, client, 4, seldom, 5*time.Millisecond)
		f.awaitMoreThan(t, 20)
		const others = 20
		for i := range others {
			r := revocation(lines+i, "c")
			r.PG = tasks.Nice
			enqueue(t, r)
		}
		f.await(t, lines+others, 30*time.Second)
		last := slices.Index(f.taken, tasks.TaskID(revocation(lines+others-1, "").ImpUID))
		if last > lines/2 {
			t.Errorf("the other gateway's last task was taken as number %d of %d", last+1, lines+others)
		}
	})
}

// A gateway whose tasks take up all of its room leaves that of the others.
func TestGatewayThatHangsDisturbsNoOther(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		enqueue := enqueueList(t, client, 20)
		f := start(t, client, 4, seldom, time.Hour)
		f.await(t, 4, 10*time.Second)
		for i := range 4 {
			r := revocation(20+i, "")
			r.PG = tasks.Nice
			enqueue(t, r)
		}
		f.await(t, 8, 10*time.Second)
	})
}

// A key of another type stops its queue, and neither the tasks nor the retries of any other.
func TestBrokenQueueStopsNoOther(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		for _, key := range []string{"pending", "scheduled", "retry"} {
			client.Set(t.Context(), asynqkeys.Key(single, key), "of another type", 0)
		}
		f := start(t, client, 4, 20*time.Millisecond, 0)
		enqueue := producer(client, false)
		for i := range 8 {
			r := revocation(i, []string{"", "b"}[i%2])
			if r.PG = tasks.Nice; i < 4 {
				enqueue(t, r)
			} else {
				enqueue(t, r, asynq.ProcessIn(time.Second))
			}
		}
		f.await(t, 8, 10*time.Second)
	})
}

func TestPausedQueueIsAskedForSeldom(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		const poll = 100 * time.Millisecond
		f := start(t, client, 12, poll, 0)
		f.idle(t)
		inspector := asynq.NewInspectorFromRedisClient(client)
		producer(client, true)(t, revocation(0, "b"))
		f.await(t, 1, 5*time.Second) // the queue exists
		if err := inspector.PauseQueue(bulk); err != nil {
			t.Fatal(err)
		}
		producer(client, true)(t, revocation(1, "b"))
		asked := f.asked()
		time.Sleep(10 * poll)
		if got := f.asked() - asked; got > 25 {
			t.Errorf("a paused queue was asked for %d times in %v", got, 10*poll)
		}
		if err := inspector.UnpauseQueue(bulk); err != nil {
			t.Fatal(err)
		}
		f.await(t, 2, 5*time.Second)
	})
}

func TestServerThatIsHeldStopsAtOnce(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		f := start(t, client, 12, seldom, 0)
		f.idle(t)
		stopped := make(chan struct{})
		go func() {
			f.stop()
			f.done.Wait()
			close(stopped)
		}()
		select {
		case <-stopped:
		case <-time.After(5 * time.Second):
			t.Error("the held server is not released")
		}
	})
}

// Redis tells whoever listens: who reconnects has missed what was told meanwhile, and sees it by polling.
func TestRestartOfRedisLosesNoWork(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	client := server.Client(t)
	f := start(t, client, 8, 50*time.Millisecond, 0)
	f.idle(t)
	enqueue := producer(client, false)
	enqueue(t, revocation(0, ""))
	f.await(t, 1, 5*time.Second)
	server.Kill()
	if err := server.Up(); err != nil {
		t.Fatal(err)
	}
	redistest.Eventually(t, 10*time.Second, "Redis is back", func() bool { return client.Ping(t.Context()).Err() == nil })
	enqueue(t, revocation(1, "b"))
	f.await(t, 2, 20*time.Second)
}

// A user of Redis who may not publish enqueues all the same, and tries to tell of it once.
func TestProducerWithoutTheChannel(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	admin := server.Client(t)
	if err := admin.Do(t.Context(), "acl", "setuser", "app", "on", ">pw", "~*", "+@all", "resetchannels").Err(); err != nil {
		t.Fatal(err)
	}
	options := *admin.Options()
	options.Username, options.Password = "app", "pw"
	app := redis.NewClient(&options)
	t.Cleanup(func() { app.Close() })
	var published atomic.Int32
	app.AddHook(publishes{&published})
	f := start(t, admin, 4, 50*time.Millisecond, 0)
	enqueue := producer(app, false)
	for i := range 5 {
		enqueue(t, revocation(i, ""))
		f.await(t, i+1, 5*time.Second)
	}
	if got := published.Load(); got != 1 {
		t.Errorf("%d attempts to publish, want 1", got)
	}
}

// publishes counts pipelines with a PUBLISH.
type publishes struct{ count *atomic.Int32 }

func (publishes) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (publishes) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }
func (p publishes) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if cmds[0].Name() == "publish" {
			p.count.Add(1)
		}
		return next(ctx, cmds)
	}
}
