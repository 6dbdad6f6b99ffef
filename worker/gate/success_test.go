package gate_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/worker/gate"
)

// alive returns the gates of a process of which the test is the keeper.
func alive(t *testing.T, client *redis.Client, name string) *process {
	t.Helper()
	p := &process{name: name, gateway: &gateway{}}
	p.Gates = gate.New(gate.NewStore(client, ""), gate.Config{Receipts: 12}, name, discard())
	if _, err := p.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p
}

// fail lets calls for so many receipts fail.
func (p *process) fail(t *testing.T, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		call, err := p.Enter(t.Context(), tasks.KCP, bulk(tasks.KCP))
		if err != nil {
			t.Fatal(err)
		}
		report(t, call, fmt.Sprint("imp_", i), pgFailed)
	}
}

// succeed lets a call succeed and, right after it, one fail.
func (p *process) succeed(t *testing.T) {
	t.Helper()
	good, err := p.Enter(t.Context(), tasks.KCP, bulk(tasks.KCP))
	if err != nil {
		t.Fatal(err)
	}
	bad, err := p.Enter(t.Context(), tasks.KCP, bulk(tasks.KCP))
	if err != nil {
		t.Fatal(err)
	}
	report(t, good, "imp_good", answered)
	report(t, bad, "imp_bad", pgFailed)
}

// A success of a process that does not yet know that the gate has closed opens it,
// also where a failure of the same process follows.
func TestSuccessRightAfterTheClosingIsNotLost(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		a, b := alive(t, client, "a"), alive(t, client, "b")
		b.fail(t, 0, 12)
		if !state(t, client, "kcp").Closed {
			t.Fatal("the gate is open")
		}
		time.Sleep(20 * time.Millisecond)
		a.succeed(t)
		a.run(t)
		eventually(t, "the gate is open", func() bool { return !state(t, client, "kcp").Closed })
	})
}

// A success that lay between the failures, and is told only after they have closed
// the gate, takes the closing back: it was not twelve failures in a row. Where it lay
// before them, the gate stays closed.
func TestSuccessThatIsToldLateTakesTheClosingBack(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		for before, want := range map[int]bool{0: true, 6: false} {
			client.FlushAll(t.Context())
			a, b := alive(t, client, "a"), alive(t, client, "b")
			b.fail(t, 0, before)
			time.Sleep(20 * time.Millisecond)
			call, err := a.Enter(t.Context(), tasks.KCP, bulk(tasks.KCP))
			if err != nil {
				t.Fatal(err)
			}
			report(t, call, "imp_good", answered)
			time.Sleep(20 * time.Millisecond)
			b.fail(t, before, 12)
			a.run(t)
			eventually(t, "a's success is told", func() bool { return !state(t, client, "kcp").SucceededAt.IsZero() })
			if is := state(t, client, "kcp"); is.Closed != want || is.Failed != 12-before {
				t.Errorf("%d of 12 failed before the success: %+v, want closed %t and %d failed", before, is, want, 12-before)
			}
			a.stop()
		}
	})
}

// A success ends a waiver, also where a failure of the same process follows.
func TestSuccessEndsAWaiver(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		client.HSet(t.Context(), "{receipt}:gate:kcp", "state", "open", "epoch", time.Now().UnixMicro(), "waived", 1)
		a := start(t, client, "a", &gateway{}, gate.Config{Receipts: 12})
		a.succeed(t)
		eventually(t, "the gate is as ever", func() bool { return !state(t, client, "kcp").Waived })
	})
}

// A gate that a person opened closes again on the same receipts.
func TestGateThatAPersonOpensClosesAgain(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		a := alive(t, client, "a")
		a.fail(t, 0, 12)
		closed := state(t, client, "kcp")
		if _, err := gate.NewStore(client, "").Open(t.Context(), "kcp", closed.Epoch); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		for i := range 12 {
			call, err := a.Enter(t.Context(), tasks.KCP, bulk(tasks.KCP))
			if err != nil {
				t.Fatal(err)
			}
			again := gate.Result{ImpUID: fmt.Sprint("imp_", i), Since: time.Now().Add(-time.Minute), Signs: pgFailed}
			if err := call.Report(t.Context(), again); err != nil {
				t.Fatal(err)
			}
		}
		if is := state(t, client, "kcp"); !is.Closed || is.Epoch == closed.Epoch {
			t.Errorf("the gate is %+v, want it closed anew", is)
		}
	})
}

// A key of another type at one gate leaves the others alone, and is deleted.
func TestKeyOfAnotherTypeJamsNoGate(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		for _, key := range []string{"{receipt}:gate:daou", "{receipt}:gate:nice:failed", "{receipt}:gate:portone"} {
			client.Set(t.Context(), key, "x", 0)
		}
		kcp := &gateway{}
		kcp.up.Store(true)
		a := start(t, client, "a", kcp, quick)
		for _, pg := range []tasks.Gateway{tasks.KCP, tasks.Daou, tasks.Nice} {
			if err := a.call(t, pg, "imp_1"); err != nil {
				t.Errorf("%s is not called: %v", pg, err)
			}
		}
		eventually(t, "they are gone", func() bool {
			return client.Exists(t.Context(), "{receipt}:gate:daou", "{receipt}:gate:nice:failed", "{receipt}:gate:portone").Val() == 0
		})
	})
}
