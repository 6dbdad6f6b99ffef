package gate_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/pause"
)

func TestGateClosesForEverybodyAndOpensAgain(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		kcp := &gateway{}
		a, b := start(t, client, "a", kcp, quick), start(t, client, "b", kcp, quick)
		queues(t, client, "receipts-kcp", "receipts-bulk-kcp", "receipts-nice", "mail")
		a.close(t, client, tasks.KCP)
		if s := state(t, client, "kcp"); !s.Closed || s.Owner != "a" || s.Reason != "4 different receipts failed and none has succeeded (pg_failure)" {
			t.Errorf("the gate is %+v", s)
		}
		eventually(t, "both queues are paused", func() bool {
			return paused(t, client, "receipts-kcp") == "gate" && paused(t, client, "receipts-bulk-kcp") == "gate"
		})
		for _, other := range []string{"receipts-nice", "mail"} {
			if client.Exists(t.Context(), "asynq:{"+other+"}:paused").Val() != 0 {
				t.Errorf("%s is paused too", other)
			}
		}
		eventually(t, "another process makes no calls", func() bool {
			var wait *gate.WaitError
			return errors.As(b.call(t, tasks.KCP, "imp_0"), &wait) && wait.Gate == "kcp"
		})
		if err := b.call(t, tasks.Nice, "imp_0"); err != nil {
			t.Errorf("another gateway is not called: %v", err)
		}

		kcp.up.Store(true)
		eventually(t, "the queues are resumed", func() bool {
			return paused(t, client, "receipts-kcp") == "" && paused(t, client, "receipts-bulk-kcp") == ""
		})
		if s := state(t, client, "kcp"); s.Closed || s.OpenedAt.IsZero() {
			t.Errorf("the gate is %+v", s)
		}
		for _, p := range []*process{a, b} {
			if err := p.call(t, tasks.KCP, "imp_0"); err != nil {
				t.Errorf("%s does not call: %v", p.name, err)
			}
		}
	})
}

func TestOneProbeAtATimeAndFewerAndFewer(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		config := quick
		config.Probe, config.ProbeMax = 200*time.Millisecond, 260*time.Millisecond
		kcp := &gateway{}
		var all []*process
		for _, name := range []string{"a", "b", "c"} {
			all = append(all, start(t, client, name, kcp, config))
		}
		queues(t, client, "receipts-kcp", "receipts-bulk-kcp")
		all[0].close(t, client, tasks.KCP)
		closed := state(t, client, "kcp")
		eventually(t, "six probes", func() bool { return kcp.probes.Load() >= 6 })
		probes := kcp.list()
		least := config.Probe
		for i := 1; i < 6; i++ {
			least = min(least*11/10, config.ProbeMax)
			if apart := probes[i].at.Sub(probes[i-1].at); apart < least-time.Millisecond {
				t.Errorf("probe %d came %v after the one before, want at least %v", i, apart, least)
			}
		}
		if got := probes[0].queues; !slices.Equal(got, []string{"receipts-bulk-kcp", "receipts-kcp"}) {
			t.Errorf("it probes with %q", got)
		}
		if s := state(t, client, "kcp"); s.Since != closed.Since {
			t.Errorf("the gate is %+v; want it closed since %v", s, closed.Since)
		}
	})
}

// Nothing has succeeded where nothing waits. What comes then is probed with within the interval.
func TestGateWithNothingBehindItStaysClosed(t *testing.T) {
	t.Parallel()
	kcp := &gateway{}
	kcp.idle.Store(true)
	client := redistest.Embedded(t)
	start(t, client, "a", kcp, quick).close(t, client, tasks.KCP)
	eventually(t, "it is looked for something to probe with", func() bool { return kcp.probes.Load() > 5 })
	if s := state(t, client, "kcp"); !s.Closed {
		t.Errorf("the gate is %+v; want it closed", s)
	}
	kcp.up.Store(true)
	kcp.idle.Store(false)
	eventually(t, "the gate is open", func() bool { return !state(t, client, "kcp").Closed })
}

// A queue that comes to be behind a closed gate waits for what closed before, at one time for all queues.
func TestQueueOfAClosedGateTellsWhenThatClosed(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	start(t, client, "a", &gateway{}, quick).close(t, client, tasks.KCP)
	closed := state(t, client, "kcp").Since.Truncate(time.Second)
	time.Sleep(time.Until(closed.Add(1100 * time.Millisecond))) // into the next second, or all are of one
	queues(t, client, "receipts-kcp")
	eventually(t, "the queue is paused", func() bool { return paused(t, client, "receipts-kcp") == "gate" })
	pauses, err := gate.NewStore(client, "").Pauses(t.Context())
	if p, _ := pause.Of("receipts-kcp", pauses); err != nil || !p.Since.Equal(closed) {
		t.Errorf("it waits since %v, %v; want the closing, %v", p.Since, err, closed)
	}
}

func TestPauseOfAPersonStays(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		kcp := &gateway{}
		a := start(t, client, "a", kcp, quick)
		queues(t, client, "receipts-kcp", "receipts-bulk-kcp")
		inspector := asynq.NewInspectorFromRedisClient(client)
		if err := inspector.PauseQueue("receipts-kcp"); err != nil {
			t.Fatal(err)
		}
		a.close(t, client, tasks.KCP)
		eventually(t, "the other queue is paused", func() bool { return paused(t, client, "receipts-bulk-kcp") == "gate" })
		eventually(t, "a probe", func() bool { return kcp.probes.Load() > 0 })
		if got := kcp.list()[0].queues; slices.Contains(got, "receipts-kcp") {
			t.Errorf("it probes with %q, one of which a person has paused", got)
		}
		kcp.up.Store(true)
		eventually(t, "the other queue is resumed", func() bool { return paused(t, client, "receipts-bulk-kcp") == "" })
		if got := paused(t, client, "receipts-kcp"); got != "person" {
			t.Errorf("the queue of the person is paused by %q", got)
		}
	})
}

func TestPersonTakesAPauseOver(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		kcp, store := &gateway{}, pause.NewStore(client, "")
		a := start(t, client, "a", kcp, quick)
		queues(t, client, "receipts-kcp", "receipts-bulk-kcp")
		a.close(t, client, tasks.KCP)
		eventually(t, "the queue is paused", func() bool { return paused(t, client, "receipts-kcp") == "gate" })
		for _, want := range []bool{true, false} { // once, and then it is
			before, err := store.ForPerson(t.Context(), []string{"receipts-kcp"}, "kim@ops", "")
			if err != nil || before[0].ByPerson() == want {
				t.Errorf("got %+v, %v; want it to be the person's: %t", before, err, !want)
			}
		}
		kcp.up.Store(true)
		eventually(t, "the other queue is resumed", func() bool { return paused(t, client, "receipts-bulk-kcp") == "" })
		if got := paused(t, client, "receipts-kcp"); got != "person" {
			t.Errorf("the queue is paused by %q, want the person", got)
		}
	})
}

func TestPersonResumesAQueueOfAGate(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		config := quick
		config.Probe, config.ProbeMax = time.Hour, time.Hour
		kcp := &gateway{}
		a := start(t, client, "a", kcp, config)
		start(t, client, "b", kcp, config)
		queues(t, client, "receipts-kcp", "receipts-bulk-kcp")
		a.close(t, client, tasks.KCP)
		for _, queue := range []string{"receipts-kcp", "receipts-bulk-kcp"} {
			eventually(t, "the queue is paused", func() bool { return paused(t, client, queue) == "gate" })
		}
		inspector := asynq.NewInspectorFromRedisClient(client)
		eventually(t, "the gate is open", func() bool {
			// A process that has not yet seen the pause makes it again; then the
			// person insists.
			_ = inspector.UnpauseQueue("receipts-kcp")
			return !state(t, client, "kcp").Closed
		})
		eventually(t, "both queues are resumed", func() bool {
			return paused(t, client, "receipts-kcp") == "" && paused(t, client, "receipts-bulk-kcp") == ""
		})
		// The gateway is still down, and four calls are enough to tell.
		a.close(t, client, tasks.KCP)
		if s := state(t, client, "kcp"); !strings.HasPrefix(s.Reason, "4 different receipts failed ") {
			t.Errorf("the gate is %+v", s)
		}
	})
}

func TestQueueBornBehindAClosedGateIsPaused(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	a := start(t, client, "a", &gateway{}, quick)
	a.close(t, client, tasks.KCP)
	queues(t, client, "receipts-bulk-kcp")
	eventually(t, "it is paused", func() bool { return paused(t, client, "receipts-bulk-kcp") == "gate" })
}

func TestPauseLeftBehindIsLifted(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	queues(t, client, "receipts-kcp", "receipts-nice")
	client.Set(t.Context(), "asynq:{receipts-kcp}:paused", "1764000000 gate kcp 1764000000000000", 0)
	client.Set(t.Context(), "asynq:{receipts-nice}:paused", "1764000000", 0)
	start(t, client, "a", &gateway{}, quick)
	eventually(t, "it is resumed", func() bool { return paused(t, client, "receipts-kcp") == "" })
	if got := paused(t, client, "receipts-nice"); got != "person" {
		t.Errorf("the pause of a person is now that of %q", got)
	}
}

func TestDeadProberIsReplaced(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		kcp := &gateway{}
		proxied := redistest.NewProxy(t, client.Options().Addr)
		a := &process{name: "a", gateway: kcp, hang: make(chan struct{})}
		a.Gates = gate.New(gate.NewStore(proxied.Client(t), ""), quick, "a", discard())
		a.run(t)
		queues(t, client, "receipts-kcp")
		a.close(t, client, tasks.KCP)
		eventually(t, "a probe hangs", func() bool { return kcp.probes.Load() == 1 })
		proxied.Target("127.0.0.1:1") // it is as good as dead
		proxied.Reset()
		kcp.up.Store(true)
		began := time.Now()
		start(t, client, "b", kcp, quick)
		eventually(t, "the gate is open", func() bool { return !state(t, client, "kcp").Closed })
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("it took %v to replace the prober", took)
		}

		// Then it lives again, and what it found is the past.
		proxied.Target(client.Options().Addr)
		kcp.up.Store(false)
		opened := state(t, client, "kcp")
		close(a.hang)
		a.stop()
		if s := state(t, client, "kcp"); s.Closed || s.Epoch != opened.Epoch {
			t.Errorf("the gate is %+v, want it as it was: %+v", s, opened)
		}
	})
}

func TestCallsOfAnOutageSayNothingAboutTheTimeAfterIt(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	kcp := &gateway{}
	a := start(t, client, "a", kcp, quick)
	var slow []*gate.Call
	for range 8 {
		call, err := a.Enter(t.Context(), tasks.KCP, bulk(tasks.KCP))
		if err != nil {
			t.Fatal(err)
		}
		slow = append(slow, call)
	}
	a.close(t, client, tasks.KCP)
	kcp.up.Store(true)
	eventually(t, "the gate is open", func() bool { return !state(t, client, "kcp").Closed })
	eventually(t, "the process knows", func() bool { return a.call(t, tasks.KCP, "imp_1") == nil })
	for i, call := range slow {
		report(t, call, fmt.Sprint(i), gate.Signs{Gateway: gate.Failed})
		if !call.Overtaken() {
			t.Error("a call of the outage counts as an attempt")
		}
	}
	if state(t, client, "kcp").Closed {
		t.Error("calls of the outage close the gate again")
	}
}

func TestClocksDoNotMatter(t *testing.T) {
	t.Parallel()
	for _, skew := range []time.Duration{time.Minute, -time.Minute} {
		t.Run(skew.String(), func(t *testing.T) {
			t.Parallel()
			server := miniredis.RunT(t)
			client := redis.NewClient(&redis.Options{Addr: server.Addr()})
			t.Cleanup(func() { _ = client.Close() })
			stop := make(chan struct{})
			done := make(chan struct{})
			go func() { // all that a process measures against is this far away
				defer close(done)
				for {
					server.SetTime(time.Now().Add(skew))
					select {
					case <-stop:
						return
					case <-time.After(time.Millisecond):
					}
				}
			}()
			t.Cleanup(func() { close(stop); <-done })
			eventually(t, "the clock runs", func() bool {
				return time.Until(client.Time(t.Context()).Val()).Abs() > 50*time.Second
			})

			kcp := &gateway{}
			a := start(t, client, "a", kcp, quick)
			queues(t, client, "receipts-kcp")
			a.close(t, client, tasks.KCP)
			eventually(t, "the queue is paused", func() bool { return paused(t, client, "receipts-kcp") == "gate" })
			eventually(t, "probes", func() bool { return kcp.probes.Load() > 2 })
			kcp.up.Store(true)
			eventually(t, "the queue is resumed", func() bool { return paused(t, client, "receipts-kcp") == "" })
			began := time.Now()
			for n := 0; n < 20; {
				if a.call(t, tasks.KCP, fmt.Sprint(n)) == nil {
					n++
				}
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("20 calls took %v after the gate opened", took)
			}
		})
	}
}
