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
	redistest.One(t, func(t *testing.T, client *redis.Client) {
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
			if _, _, err := store.Resume(t.Context(), p); err != nil {
				t.Fatal(err)
			}
		}
		for _, call := range calls {
			eventually(t, "the call may leave", func() bool { return call.Err(t.Context()) == nil })
		}
	})
}

// A person who had paused a queue behind a closed gate and resumes it does not open the gate.
func TestGateStaysClosedWhenAPersonsPauseIsLifted(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		ctx, store, epoch := t.Context(), gate.NewStore(client, ""), time.Now().UnixMicro()
		client.HSet(ctx, "{receipt}:gate:kcp", "state", "closed", "epoch", epoch, "reason", "down",
			"probe_at", time.Now().Add(time.Hour).UnixMicro())
		client.SAdd(ctx, "asynq:queues", "receipts-kcp")
		start(t, client, "a", &gateway{}, quick)
		pauses := func() []pause.Pause {
			t.Helper()
			all, err := store.Pauses(ctx)
			if err != nil {
				t.Fatal(err)
			}
			return all
		}
		byGate := func() bool { p, _ := pause.Of("receipts-kcp", pauses()); return p.Gate == "kcp" && p.Epoch == epoch }
		eventually(t, "the gate pauses the queue", byGate)
		for range 20 { // within one round of the process and over several
			_, err := pause.NewStore(client, "").ForPerson(ctx, []string{"receipts-kcp", "receipts-nice"}, "kim@ops", "")
			if err != nil {
				t.Fatal(err)
			}
			for i, want := range []gate.Name{"kcp", ""} {
				if behind, done, err := store.Resume(ctx, pauses()[i]); behind != want || !done || err != nil {
					t.Fatalf("got %q, %t, %v; want it behind the gate %q", behind, done, err, want)
				}
			}
			if !byGate() {
				t.Fatalf("got %+v, want the gate's pause", pauses())
			}
		}
		if s, err := store.Poll(ctx); err != nil || !s.Gates["kcp"].Closed {
			t.Errorf("got %+v, %v; want the gate closed", s.Gates["kcp"], err)
		}
		if behind, done, err := store.Resume(ctx, pauses()[0]); behind != "" || !done || err != nil {
			t.Errorf("got %q, %t, %v; want that resuming the gate's pause opens the gate", behind, done, err)
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
