package asynqkeys_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
)

func TestWorkersTellWhatTheyDo(t *testing.T) {
	t.Parallel()
	ours, nice := asynqkeys.Weights("", ""), asynqkeys.Weights("", tasks.Nice)
	for name, test := range map[string]struct {
		servers []entry
		want    asynqkeys.Count
	}{
		"none":                                   {nil, asynqkeys.Count{}},
		"unknown":                                {[]entry{{status: "another"}}, asynqkeys.Count{Serving: 1}},
		"it serves":                              {[]entry{{status: "active"}}, asynqkeys.Count{Serving: 1}},
		"it waits":                               {[]entry{{status: "new"}}, asynqkeys.Count{Waiting: 1}},
		"it stops":                               {[]entry{{status: "stopped"}}, asynqkeys.Count{Stopping: 1}},
		"it waits for calls that have not ended": {[]entry{{status: "closed"}}, asynqkeys.Count{Stopping: 1}},
		"one of its servers has not said so yet": {[]entry{{status: "closed"}, {id: "2", queues: nice, status: "active"}}, asynqkeys.Count{Serving: 1}},
		"all of its servers stop":                {[]entry{{status: "stopped"}, {id: "2", queues: nice, status: "closed"}}, asynqkeys.Count{Stopping: 1}},
		"one of each":                            {[]entry{{pid: 1, status: "closed"}, {pid: 2, status: "active"}, {pid: 3, status: "new"}}, asynqkeys.Count{Serving: 1, Stopping: 1, Waiting: 1}},
		"the same name, one waits while one serves": {[]entry{{status: "new"}, {id: "2", status: "active"}}, asynqkeys.Count{Serving: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := redistest.Embedded(t)
			for _, e := range test.servers {
				e.host = "a"
				if e.queues == nil {
					e.queues = ours
				}
				register(t, client, e)
			}
			if got := asynqkeys.CountOf(list(t, client)); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

// Asynq's own server says that it stops, while it waits for what it has taken.
func TestServerThatStopsSaysSo(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	begun, end := make(chan struct{}), make(chan struct{})
	server := asynq.NewServerFromRedisClient(client, asynq.Config{
		Queues: asynqkeys.Weights("", ""), LogLevel: asynq.FatalLevel, ShutdownTimeout: time.Minute,
	})
	err := server.Start(asynq.HandlerFunc(func(context.Context, *asynq.Task) error { close(begun); <-end; return nil }))
	if err != nil {
		t.Fatal(err)
	}
	task, err := tasks.NewTask(tasks.Revocation{ImpUID: "imp_1"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := asynq.NewClientFromRedisClient(client).EnqueueContext(t.Context(), task); err != nil {
		t.Fatal(err)
	}
	<-begun
	stopped := make(chan struct{})
	go func() { server.Stop(); server.Shutdown(); close(stopped) }()
	redistest.Eventually(t, 10*time.Second, "it says that it stops", func() bool {
		return asynqkeys.CountOf(list(t, client)) == asynqkeys.Count{Stopping: 1}
	})
	close(end)
	<-stopped
	if got := list(t, client); len(got) > 0 {
		t.Errorf("after its end: got %v", got)
	}
}

// A worker that waits is listed, Asynq can read what it has registered, and nothing of it is left.
func TestWorkerThatWaitsIsListed(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- asynqkeys.RegisterWaiting(ctx, client, "acme") }()
		workers := func() []asynqkeys.Worker {
			found, err := asynqkeys.NewWorkers(client, "acme").List(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return found
		}
		redistest.Eventually(t, 5*time.Second, "it is listed", func() bool { return len(workers()) > 0 })
		got := workers()[0]
		queues := []string{"acme:receipts", "acme:receipts-bulk"}
		if got.State != asynqkeys.Waiting || got.Older() || !slices.Equal(queues, got.Queues) {
			t.Errorf("got %+v", got)
		}
		servers, err := asynq.NewInspectorFromRedisClient(client).Servers()
		if err != nil || len(servers) != 1 || servers[0].Host != got.Host || servers[0].PID != got.PID || servers[0].Status != "new" {
			t.Errorf("Asynq reads %+v, %v", servers, err)
		}
		if got := list(t, client); len(got) > 0 {
			t.Errorf("in another namespace: got %v", got)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if keys := client.Keys(t.Context(), "*").Val(); !cmp.Equal([]string{}, keys) {
			t.Errorf("it leaves %v", keys)
		}
	})
}

// A worker that serves at once registers nothing else.
func TestWorkerThatDoesNotWaitWritesNothing(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := asynqkeys.RegisterWaiting(ctx, client, ""); err != nil {
		t.Fatal(err)
	}
	if keys := client.Keys(t.Context(), "*").Val(); len(keys) > 0 {
		t.Errorf("it has written %v", keys)
	}
}
