package gate_test

import (
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/pause"
)

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
		if _, err := pause.NewStore(client, "").ForPerson(t.Context(), []string{"receipts-kcp", "receipts"}, "kim@ops", "점검"); err != nil {
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
	if _, err := pause.NewStore(client, "").ForPerson(t.Context(), []string{"receipts-kcp"}, "", ""); err != nil {
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
