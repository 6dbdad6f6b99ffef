package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/worker/pause"
)

// Who waits hears after three seconds how many workers there are, and each change once.
func TestStandstillTellsOfWorkersAfterThreeSeconds(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 26, 8, 49, 0, 0, time.UTC)
	type seen struct{ second, serving, stopping, waiting int }
	for name, test := range map[string]struct {
		seen []seen
		want []string
	}{
		"too short":          {[]seen{{second: 0}, {second: 1}, {second: 2}}, nil},
		"none":               {[]seen{{second: 0}, {second: 2}, {second: 3}, {second: 9}}, []string{"3 no worker is running; 49 tasks wait"}},
		"some":               {[]seen{{0, 2, 0, 0}, {3, 2, 0, 0}, {4, 3, 0, 0}}, []string{"3 2 workers are running"}},
		"one is replaced":    {[]seen{{0, 1, 0, 0}, {4, 1, 0, 0}, {second: 5}, {7, 1, 0, 0}, {11, 1, 0, 0}}, []string{"4 1 worker is running"}},
		"gone, and one back": {[]seen{{5, 1, 0, 0}, {second: 6}, {second: 8}, {second: 9}, {20, 1, 0, 0}}, []string{"5 1 worker is running", "8 no worker is running; 49 tasks wait", "20 1 worker is running"}},
		"it waits for PortOne": {[]seen{{0, 0, 0, 1}, {3, 0, 0, 1}, {9, 0, 0, 2}, {10, 1, 0, 1}}, []string{
			"3 1 worker waits for PortOne (its log and /readyz say why); 49 tasks wait",
			"10 1 worker is running, 1 worker waits for PortOne (its log and /readyz say why)",
		}},
		"it stops": {[]seen{{4, 2, 0, 0}, {5, 1, 1, 0}, {6, 0, 2, 0}, {8, 0, 2, 0}, {9, 0, 0, 0}}, []string{
			"4 2 workers are running", "8 2 workers are stopping; 49 tasks wait", "9 no worker is running; 49 tasks wait",
		}},
		"another takes its place": {[]seen{{4, 1, 0, 0}, {5, 0, 1, 0}, {6, 1, 1, 0}, {9, 1, 0, 0}}, []string{"4 1 worker is running"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			second := 0
			var got []string
			s := &standstill{began: start, served: start, say: func(format string, args ...any) {
				got = append(got, fmt.Sprint(second, " ", fmt.Sprintf(format, args...)))
			}}
			for _, at := range test.seen {
				second = at.second
				s.tellWorkers(start.Add(time.Duration(second)*time.Second), asynqkeys.Count{Serving: at.serving, Stopping: at.stopping, Waiting: at.waiting}, 49)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Registrations of workers may have ended while Redis was away, and are renewed within seconds.
func TestStandstillAfterAnOutageOfRedis(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), MaxRetries: -1})
	defer client.Close()
	var said []string
	s := newStandstill(client, "", func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) })
	now := s.began
	s.now = func() time.Time { return now }
	s.told, s.served = toldServing, now
	look := func(after time.Duration, want int) {
		t.Helper()
		now = s.began.Add(after)
		if s.look(t.Context(), 49); len(said) != want {
			t.Errorf("after %v: said %q, want %d", after, said, want)
		}
	}
	server.SetError("LOADING Redis is loading the dataset in memory")
	look(10*time.Second, 1)
	look(20*time.Second, 1)
	server.SetError("")
	look(21*time.Second, 1)
	look(29*time.Second, 1)
	look(30*time.Second, 2)
	if !s.unattended() || said[len(said)-1] != "no worker is running; 49 tasks wait" {
		t.Errorf("said %q", said)
	}
}

// What is said once is not said again until it has changed.
func TestStandstillTellsEachCauseOnce(t *testing.T) {
	t.Parallel()
	var got []string
	s := &standstill{say: func(format string, args ...any) { got = append(got, fmt.Sprintf(format, args...)) }}
	for _, causes := range []map[string]string{
		{"kcp": "2 lines wait"},
		{"kcp": "1 line waits"},
		{},
		{"kcp": "1 line waits", "kim": "1 line is paused"},
	} {
		before := len(got)
		s.tell(causes)
		if n := len(got) - before; n > 1 && len(causes) < 2 {
			t.Errorf("%v: said %d", causes, n)
		}
	}
	if len(got) != 3 || got[0] != "2 lines wait" {
		t.Errorf("got %q", got)
	}
}

func TestStandstillLooksAtWorkersAndPauses(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	ctx := t.Context()
	var said []string
	s := newStandstill(client, "", func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) })
	now := s.began
	s.now = func() time.Time { return now }
	client.Set(ctx, "asynq:{receipts-kcp}:paused", "1764000000 gate kcp 5", 0)
	pauses, looked := s.look(ctx, 1)
	if _, held := pause.Of("receipts-kcp", pauses); !looked || !held || len(said) > 0 {
		t.Errorf("got %v, %t, said %q", pauses, looked, said)
	}
	if _, looked := s.look(ctx, 1); looked {
		t.Error("it looks again at once")
	}
	now = now.Add(unserved)
	if s.look(ctx, 1); len(said) != 1 || said[0] != "no worker is running; 1 task waits" {
		t.Errorf("said %q", said)
	}
	server := asynq.NewServerFromRedisClient(client, asynq.Config{Queues: asynqkeys.Weights("", tasks.KCP), LogLevel: asynq.FatalLevel})
	if err := server.Start(asynq.NotFoundHandler()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	redistest.Eventually(t, 10*time.Second, "the worker is seen", func() bool {
		now = now.Add(time.Second)
		s.look(ctx, 1)
		return said[len(said)-1] == "1 worker is running"
	})
}
