package pause_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/worker/pause"
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
		redistest.One(t, func(t *testing.T, client *redis.Client) {
			store, names := pause.NewStore(client, namespace), everything(namespace)
			if len(names) != 2+2*len(tasks.Gateways()) {
				t.Fatalf("the queues are %q", names)
			}
			client.SAdd(t.Context(), "asynq:queues", names[3], "receipts-of-tomorrow")
			before, err := store.ForPerson(t.Context(), names, "kim@ops", "the gate kcp 5 fails: 점검")
			if err != nil || slices.ContainsFunc(before, func(p pause.Pause) bool { return p.Paused }) {
				t.Fatalf("got %+v, %v", before, err)
			}
			for _, name := range names {
				if client.Exists(t.Context(), "asynq:{"+name+"}:paused").Val() != 1 {
					t.Errorf("Asynq serves %s", name)
				}
			}
			pauses, err := store.All(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			want := make([]pause.Pause, len(names))
			for i, name := range slices.Sorted(slices.Values(names)) {
				want[i] = pause.Pause{Queue: name, Paused: true, By: "kim@ops", Reason: "the gate kcp 5 fails: 점검", Since: pauses[0].Since}
			}
			if namespace == "" {
				i, _ := slices.BinarySearchFunc(want, "receipts-of-tomorrow", func(p pause.Pause, name string) int { return strings.Compare(p.Queue, name) })
				want = slices.Insert(want, i, pause.Pause{Queue: "receipts-of-tomorrow"})
			}
			if diff := cmp.Diff(want, pauses, cmpopts.IgnoreFields(pause.Pause{}, "Mark")); diff != "" {
				t.Error(diff)
			}
			if since := time.Since(pauses[0].Since); since < 0 || since > time.Minute {
				t.Errorf("it is paused for %v", since)
			}
			for _, p := range pauses {
				if done, err := store.Swap(t.Context(), p, ""); !done || err != nil {
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
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		store, names := pause.NewStore(client, ""), []string{"receipts-kcp", "receipts-nice", "receipts-daou", "receipts-ksnet"}
		if err := asynq.NewInspectorFromRedisClient(client).PauseQueue("receipts-nice"); err != nil {
			t.Fatal(err)
		}
		client.Set(t.Context(), "asynq:{receipts-daou}:paused", "1764000000 gate daou 5", 0)
		client.Set(t.Context(), "asynq:{receipts-ksnet}:paused", "", 0) // by somebody's own tool
		if _, err := store.ForPerson(t.Context(), names[:1], "kim@ops", "first"); err != nil {
			t.Fatal(err)
		}
		before, err := store.ForPerson(t.Context(), names, "lee@ops", "second")
		if err != nil || before[0].By != "kim@ops" || before[1].By != "" || before[2].Gate != "daou" || !before[3].ByPerson() {
			t.Errorf("got %+v, %v", before, err)
		}
		for i, want := range []string{"first", "", "second", ""} {
			before, err := store.ForPerson(t.Context(), names[i:i+1], "", "")
			if err != nil || !before[0].ByPerson() || before[0].Reason != want {
				t.Errorf("got %+v, %v; want it paused by the person who said %q", before, err, want)
			}
		}
	})
}
