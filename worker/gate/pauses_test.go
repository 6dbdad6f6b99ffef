package gate_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/redistest"
	"receiptrevoker/worker/gate"
)

// everything returns the names of all queues that a namespace can have here.
func everything(namespace string) (names []string) {
	for _, q := range tasks.Queues(namespace) {
		names = append(names, q.Name())
	}
	return names
}

func TestPersonPausesQueuesThatDoNotExist(t *testing.T) {
	t.Parallel()
	for _, namespace := range []string{"", "acme"} {
		redistest.Both(t, func(t *testing.T, client *redis.Client) {
			store, names := gate.NewStore(client, namespace), everything(namespace)
			if len(names) != 2+2*len(tasks.Gateways()) {
				t.Fatalf("the queues are %q", names)
			}
			queues(t, client, names[3], "receipts-of-tomorrow")
			before, err := store.PauseForPerson(t.Context(), names, "kim@ops", "the gate kcp 5 fails: 점검")
			if err != nil || slices.ContainsFunc(before, func(p gate.Pause) bool { return p.Paused }) {
				t.Fatalf("got %+v, %v", before, err)
			}
			for _, name := range names {
				if client.Exists(t.Context(), "asynq:{"+name+"}:paused").Val() != 1 {
					t.Errorf("Asynq serves %s", name)
				}
			}
			pauses, err := store.Pauses(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			want := make([]gate.Pause, len(names))
			for i, name := range slices.Sorted(slices.Values(names)) {
				want[i] = gate.Pause{Queue: name, Paused: true, By: "kim@ops", Reason: "the gate kcp 5 fails: 점검", Since: pauses[0].Since}
			}
			if namespace == "" {
				i, _ := slices.BinarySearchFunc(want, "receipts-of-tomorrow", func(p gate.Pause, name string) int { return strings.Compare(p.Queue, name) })
				want = slices.Insert(want, i, gate.Pause{Queue: "receipts-of-tomorrow"})
			}
			if diff := cmp.Diff(want, pauses, cmpopts.IgnoreUnexported(gate.Pause{})); diff != "" {
				t.Error(diff)
			}
			if since := time.Since(pauses[0].Since); since < 0 || since > time.Minute {
				t.Errorf("it is paused for %v", since)
			}
			for _, p := range pauses {
				if done, err := store.Resume(t.Context(), p); done != p.Paused || err != nil {
					t.Errorf("%s: %t, %v", p.Queue, done, err)
				}
			}
			if left := client.Keys(t.Context(), "*:paused").Val(); len(left) != 0 {
				t.Errorf("%q are left", left)
			}
		})
	}
}

func TestWhoPausedFirstStays(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, client *redis.Client) {
		store, names := gate.NewStore(client, ""), []string{"receipts-kcp", "receipts-nice", "receipts-daou", "receipts-ksnet"}
		if err := asynq.NewInspectorFromRedisClient(client).PauseQueue("receipts-nice"); err != nil {
			t.Fatal(err)
		}
		client.Set(t.Context(), "asynq:{receipts-daou}:paused", "1764000000 gate daou 5", 0)
		client.Set(t.Context(), "asynq:{receipts-ksnet}:paused", "", 0) // by somebody's own tool
		if _, err := store.PauseForPerson(t.Context(), names[:1], "kim@ops", "first"); err != nil {
			t.Fatal(err)
		}
		before, err := store.PauseForPerson(t.Context(), names, "lee@ops", "second")
		if err != nil || before[0].By != "kim@ops" || before[1].By != "" || before[2].Gate != "daou" || !before[3].ByPerson() {
			t.Errorf("got %+v, %v", before, err)
		}
		for i, want := range []string{"first", "", "second", ""} {
			before, err := store.PauseForPerson(t.Context(), names[i:i+1], "", "")
			if err != nil || !before[0].ByPerson() || before[0].Reason != want {
				t.Errorf("got %+v, %v; want it paused by the person who said %q", before, err, want)
			}
		}
	})
}

func TestPauseKeepsCallsFromLeaving(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, client *redis.Client) {
		store, a := gate.NewStore(client, ""), start(t, client, "a", &gateway{}, quick)
		var calls []*gate.Call
		for _, queue := range []string{"receipts-kcp", "receipts-bulk-kcp", "receipts-of-tomorrow"} {
			call, err := a.Enter(t.Context(), tasks.KCP, queue)
			if err != nil {
				t.Fatal(err)
			}
			calls = append(calls, call)
		}
		if _, err := store.PauseForPerson(t.Context(), []string{"receipts-kcp", "receipts"}, "kim@ops", "점검"); err != nil {
			t.Fatal(err)
		}
		client.LPush(t.Context(), "asynq:{receipts-nice}:paused", "x") // Asynq obeys that it exists
		returned := time.Now()
		for i, refused := range []bool{true, false, true} { // the last has no queue that could be named
			eventually(t, "the call may leave or not", func() bool { return (calls[i].Err(t.Context()) != nil) == refused })
		}
		if took := time.Since(returned); took > 2*time.Second {
			t.Errorf("a call might have left %v after the pause", took)
		}
		var wait *gate.WaitError
		_, err := a.Enter(t.Context(), tasks.KCP, "receipts-kcp")
		if !errors.As(err, &wait) || wait.Error() != "receipts-kcp is paused by kim@ops: 점검" || wait.Gate != "" {
			t.Errorf("got %v", err)
		}
		if _, err := a.EnterProbe(t.Context(), tasks.KCP, "receipts-kcp"); !errors.As(err, &wait) {
			t.Errorf("a probe calls: %v", err)
		}
		if _, err := a.Enter(t.Context(), tasks.Nice, "receipts-nice"); !errors.As(err, &wait) {
			t.Errorf("a queue with a list for a pause is called for: %v", err)
		}
		client.Del(t.Context(), "asynq:{receipts-nice}:paused")
		pauses, err := store.Pauses(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range pauses {
			if _, err := store.Resume(t.Context(), p); err != nil {
				t.Fatal(err)
			}
		}
		for _, call := range calls {
			eventually(t, "the call may leave", func() bool { return call.Err(t.Context()) == nil })
		}
	})
}

func TestWithoutRedisWhatWasKnownStays(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t)
	store := gate.NewStore(client, "")
	if _, err := store.PauseForPerson(t.Context(), []string{"receipts-kcp"}, "", ""); err != nil {
		t.Fatal(err)
	}
	knows, knowsNothing := gate.New(store, quick, "a", discard()), gate.New(store, quick, "b", discard())
	call, err := knows.Enter(t.Context(), tasks.Nice, "receipts-nice")
	if err != nil {
		t.Fatal(err)
	}
	server.Kill()
	time.Sleep(600 * time.Millisecond) // what it knows is old by then
	if err := call.Err(t.Context()); err != nil {
		t.Errorf("a call of a queue that was not paused is held back: %v", err)
	}
	if _, err := knows.Enter(t.Context(), tasks.KCP, "receipts-kcp"); err == nil {
		t.Error("a call of a queue that was paused goes through")
	}
	if _, err := knowsNothing.Enter(t.Context(), tasks.Nice, "receipts-nice"); err == nil {
		t.Error("a process that has not read yet what is paused calls")
	}
}
