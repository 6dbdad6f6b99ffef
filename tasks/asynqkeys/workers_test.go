package asynqkeys_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoregistry"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
)

// released are the weights of workers that do not know which receipt is meant.
var released = map[string]int{"receipts": 9, "receipts-bulk": 1}

// What Asynq's own server writes tells older workers, and other programs, from current
// ones, from the first moment until it is shut down.
func TestServersTellWhatTheyUnderstand(t *testing.T) {
	t.Parallel()
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		queues map[string]int
		want   []asynqkeys.Worker
		older  bool
	}{
		"current": {
			asynqkeys.Weights("", ""),
			[]asynqkeys.Worker{{Protocol: asynqkeys.Protocol, Queues: []string{"receipts", "receipts-bulk"}}},
			false,
		},
		"current of a gateway": {
			asynqkeys.Weights("", tasks.KCP),
			[]asynqkeys.Worker{{Protocol: asynqkeys.Protocol, Queues: []string{"receipts-bulk-kcp", "receipts-kcp"}}},
			false,
		},
		"released": {released, []asynqkeys.Worker{{Protocol: 1, Queues: []string{"receipts", "receipts-bulk"}}}, true},
		"another program": {
			map[string]int{"receipts": 3, "default": 1}, []asynqkeys.Worker{{Queues: []string{"receipts"}}}, true,
		},
		"other weights": {
			map[string]int{"receipts": 2, "receipts-bulk": 2},
			[]asynqkeys.Worker{{Queues: []string{"receipts", "receipts-bulk"}}},
			true,
		},
		"other queues beside": {
			map[string]int{"receipts": 18, "receipts-bulk": 2, "mail": 1},
			[]asynqkeys.Worker{{Queues: []string{"receipts", "receipts-bulk"}}},
			true,
		},
		"queues of others": {map[string]int{"mail": 1}, nil, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				server := serve(t, client, test.queues)
				want := slices.Clone(test.want)
				for i := range want {
					want[i].Host, want[i].PID = host, os.Getpid()
				}
				redistest.Eventually(t, time.Second, "the server registers", func() bool {
					return client.ZCard(t.Context(), "asynq:servers").Val() == 1
				})
				redistest.Eventually(t, time.Second, "it is listed", func() bool {
					return cmp.Equal(want, list(t, client))
				})
				if older, err := asynqkeys.NewWorkers(client, "").Older(t.Context()); err != nil || (len(older) > 0) != test.older {
					t.Errorf("got %v, %v; want it older: %t", older, err, test.older)
				}
				server.Shutdown()
				if got := list(t, client); len(got) > 0 {
					t.Errorf("after its shutdown: got %v", got)
				}
			})
		})
	}
}

// The hosts' clocks tell nothing: neither one that is behind, nor one that is ahead and
// drops the names of others, hides a server that lives.
func TestClocksHideNoWorker(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		want := []asynqkeys.Worker{
			{Host: "ahead", PID: 1, Protocol: 1, Queues: []string{"receipts", "receipts-bulk"}},
			{Host: "behind", PID: 1, Protocol: 1, Queues: []string{"receipts", "receipts-bulk"}},
		}
		register(t, client, entry{host: "ahead", pid: 1, clock: 20 * time.Minute, queues: released})
		register(t, client, entry{host: "behind", pid: 1, clock: -20 * time.Minute, queues: released})
		workers := asynqkeys.NewWorkers(client, "")
		if got, err := workers.List(t.Context()); err != nil || !cmp.Equal(want, got) {
			t.Fatalf("got %v, %v; want %v", got, err, want)
		}
		if _, err := asynq.NewInspectorFromRedisClient(client).Servers(); err != nil {
			t.Fatal(err)
		}
		if left := client.ZCard(t.Context(), "asynq:servers").Val(); left != 1 {
			t.Fatalf("the Inspector left %d names, want 1", left)
		}
		time.Sleep(2 * time.Second) // it asks anew
		if got, err := workers.List(t.Context()); err != nil || !cmp.Equal(want, got) {
			t.Errorf("after an Inspector looked: got %v, %v; want %v", got, err, want)
		}
	})
}

// Who was killed leaves a name, and soon nothing else.
func TestKilledWorkersAreGone(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		killed := register(t, client, entry{host: "a", pid: 1, queues: released})
		if err := client.Del(t.Context(), killed).Err(); err != nil { // as it ends by itself
			t.Fatal(err)
		}
		if got := list(t, client); len(got) > 0 {
			t.Errorf("got %v", got)
		}
	})
}

// Containers on their host's network share its name, and each is process 1.
func TestOneOlderOfTheSameNameIsOlder(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		register(t, client, entry{host: "a", pid: 1, id: "x", queues: asynqkeys.Weights("", "")})
		register(t, client, entry{host: "a", pid: 1, id: "y", queues: released})
		register(t, client, entry{host: "a", pid: 1, id: "z", queues: asynqkeys.Weights("", tasks.KCP)})
		queues := []string{"receipts", "receipts-bulk", "receipts-bulk-kcp", "receipts-kcp"}
		want := []asynqkeys.Worker{{Host: "a", PID: 1, Protocol: 1, Queues: queues}}
		if diff := cmp.Diff(want, list(t, client)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// What stands in the registry and is none of Asynq's hides nothing else.
func TestForeignEntriesHideNothing(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		ctx := t.Context()
		register(t, client, entry{host: "a", pid: 1, queues: released})
		broken := register(t, client, entry{host: "b", pid: 1, queues: released})
		client.Set(ctx, broken, `{"host":"b"}`, time.Minute)
		client.RPush(ctx, "other", 1)
		client.ZAdd(ctx, "asynq:servers", redis.Z{Score: float64(time.Now().Unix()), Member: "other"})
		if got := list(t, client); len(got) != 1 || got[0].Host != "a" {
			t.Errorf("got %v", got)
		}
	})
}

func TestWorkersOfACluster(t *testing.T) {
	t.Parallel()
	client := redistest.StartCluster(t)
	for i := range 5 {
		register(t, client, entry{host: fmt.Sprint("host", i), pid: i, queues: released})
	}
	if got := list(t, client); len(got) != 5 {
		t.Errorf("got %v", got)
	}
}

// What cannot be read is an error, and not that there are no workers.
func TestWorkersReportsWhatItCannotRead(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		client.Set(t.Context(), "asynq:servers", "no set", 0)
		if got, err := asynqkeys.NewWorkers(client, "").Older(t.Context()); err == nil {
			t.Errorf("got %v and no error", got)
		}
	})
}

// However many ask, Redis is asked once in two seconds.
func TestWorkersAsksSeldom(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	register(t, client, entry{host: "a", pid: 1, queues: released})
	workers := asynqkeys.NewWorkers(client, "")
	for range 3 {
		if older, err := workers.Older(t.Context()); err != nil || len(older) != 1 {
			t.Fatalf("got %v, %v", older, err)
		}
		client.FlushAll(t.Context())
	}
}

// serve starts a server of Asynq's, as any program may.
func serve(t *testing.T, client redis.UniversalClient, queues map[string]int) *asynq.Server {
	t.Helper()
	server := asynq.NewServerFromRedisClient(client, asynq.Config{Queues: queues, LogLevel: asynq.FatalLevel})
	if err := server.Start(asynq.HandlerFunc(func(context.Context, *asynq.Task) error { return nil })); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	return server
}

// entry is a server on another host, whose clock is off.
type entry struct {
	host   string
	pid    int
	id     string
	clock  time.Duration
	queues map[string]int
	status string
}

// register writes what Asynq would, and returns the server's name.
func register(t *testing.T, client redis.UniversalClient, e entry) string {
	t.Helper()
	kind, err := protoregistry.GlobalTypes.FindMessageByName("asynq.ServerInfo")
	if err != nil {
		t.Fatal(err)
	}
	message, queues := kind.New().Interface(), ""
	for name, weight := range e.queues {
		queues += fmt.Sprintf(",%q:%d", name, weight)
	}
	plain := fmt.Sprintf(`{"host":%q,"pid":%d,"queues":{%s},"status":%q}`, e.host, e.pid, queues[1:], e.status)
	if err := protojson.Unmarshal([]byte(plain), message); err != nil {
		t.Fatal(err)
	}
	text, err := proto.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("asynq:servers:{%s:%d:%s}", e.host, e.pid, e.id)
	expires := float64(time.Now().Add(e.clock + 10*time.Second).Unix())
	if err := client.ZAdd(t.Context(), "asynq:servers", redis.Z{Score: expires, Member: name}).Err(); err != nil {
		t.Fatal(err)
	}
	if err := client.Set(t.Context(), name, text, 10*time.Second).Err(); err != nil {
		t.Fatal(err)
	}
	return name
}

// list returns the workers as one who has not asked before finds them.
func list(t *testing.T, client redis.UniversalClient) []asynqkeys.Worker {
	t.Helper()
	found, err := asynqkeys.NewWorkers(client, "").List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return found
}
