package gate_test

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/worker/gate"
)

func TestPortOneDownStopsEverything(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		portone := &gateway{}
		a, b := start(t, client, "a", portone, quick), start(t, client, "b", portone, quick)
		all := []string{"receipts", "receipts-bulk", "receipts-kcp", "receipts-nice", "receipts-of-tomorrow"}
		queues(t, client, append(all, "mail")...)
		call, err := a.Enter(t.Context(), tasks.KCP, bulk(tasks.KCP))
		if err != nil {
			t.Fatal(err)
		}
		report(t, call, "imp_1", gate.Signs{PortOne: gate.Down, Cause: "no token is to be had"})
		if !call.Overtaken() || call.Err(t.Context()) == nil || a.Closed() == nil {
			t.Errorf("the call that closed it knows nothing: %t, %v, %v", call.Overtaken(), call.Err(t.Context()), a.Closed())
		}
		for _, queue := range all {
			eventually(t, queue+" is paused", func() bool { return paused(t, client, queue) == "gate" })
		}
		if client.Exists(t.Context(), "asynq:{mail}:paused").Val() != 0 {
			t.Error("the queue of somebody else is paused")
		}
		for _, pg := range []tasks.Gateway{"", tasks.Nice} {
			eventually(t, "another process makes no calls", func() bool {
				var wait *gate.WaitError
				return errors.As(b.call(t, pg, "imp_2"), &wait) && wait.Gate == gate.PortOne
			})
		}
		portone.up.Store(true)
		for _, queue := range all {
			eventually(t, queue+" is resumed", func() bool { return paused(t, client, queue) == "" })
		}
		eventually(t, "calls are made", func() bool { return b.call(t, tasks.Nice, "imp_2") == nil })
		for _, probe := range portone.list() {
			if probe.name != gate.PortOne || len(probe.queues) != len(all) {
				t.Errorf("it was probed so: %+v", probe)
			}
		}
	})
}

func TestFailuresOfAllGatewaysTogetherClosePortOne(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	a := start(t, client, "a", &gateway{}, quick)
	for i, pg := range tasks.Gateways()[:10] {
		call, err := a.Enter(t.Context(), pg, bulk(pg))
		if err != nil {
			t.Fatalf("after %d calls: %v", i, err)
		}
		report(t, call, fmt.Sprint(i), gate.Signs{PortOne: gate.Failed, Cause: "dial tcp: refused"})
	}
	if s := state(t, client, gate.PortOne); !s.Closed || s.Reason != "10 of the last 10 calls failed (dial tcp: refused)" {
		t.Errorf("the gate is %+v", s)
	}
}

// However many receipts PortOne turns away alone, they are no sign of PortOne once it has answered another; those that
// it turns away since are.
func TestReceiptsThatPortOneTurnsAwayAloneCloseNothing(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	a := start(t, client, "a", &gateway{}, quick)
	enter := func() *gate.Call {
		call, err := a.Enter(t.Context(), tasks.KCP, bulk(tasks.KCP))
		if err != nil {
			t.Fatal(err)
		}
		return call
	}
	report(t, enter(), "imp_0", gate.Signs{PortOne: gate.Answered, Gateway: gate.Answered})
	refused := gate.Signs{PortOne: gate.Failed, Cause: "HTTP 403"}
	for i := range 40 {
		r := gate.Result{ImpUID: fmt.Sprint(i % 20), Signs: refused, TurnedAway: a.Now().Add(-time.Hour)}
		if err := enter().Report(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if s := state(t, client, gate.PortOne); s.Closed {
		t.Fatalf("the gate is %+v", s)
	}
	for i := range 9 {
		r := gate.Result{ImpUID: fmt.Sprint(100 + i), Signs: refused, TurnedAway: a.Now().Add(time.Hour)}
		if err := enter().Report(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if s := state(t, client, gate.PortOne); !s.Closed {
		t.Errorf("the gate is %+v after nine others, and a success", s)
	}
}

func TestBothGatesOfAQueueAreClosed(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	portone := &gateway{}
	a := start(t, client, "a", portone, quick)
	queues(t, client, "receipts-kcp", "receipts-nice")
	a.close(t, client, tasks.KCP)
	eventually(t, "kcp is paused", func() bool { return paused(t, client, "receipts-kcp") == "gate" })
	call, err := a.Enter(t.Context(), tasks.Nice, bulk(tasks.Nice))
	if err != nil {
		t.Fatal(err)
	}
	report(t, call, "imp_1", gate.Signs{PortOne: gate.Down, Cause: "no token"})
	eventually(t, "nice is paused", func() bool { return paused(t, client, "receipts-nice") == "gate" })
	portone.up.Store(true)
	for _, queue := range []string{"receipts-kcp", "receipts-nice"} {
		eventually(t, queue+" is resumed", func() bool { return paused(t, client, queue) == "" })
	}
}

func TestProcessThatPortOneRefusesAloneStandsAside(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		welcome, refused := &gateway{}, &gateway{}
		welcome.up.Store(true)
		a, b := start(t, client, "a", welcome, quick), start(t, client, "b", refused, quick)
		down := gate.Signs{PortOne: gate.Down, Cause: "the address is not allowed"}
		report := func(p *process, signs gate.Signs) error {
			call, err := p.Enter(t.Context(), tasks.KCP, bulk(tasks.KCP))
			if err != nil {
				return err
			}
			return call.Report(t.Context(), gate.Result{ImpUID: "imp_1", Signs: signs})
		}
		if err := report(b, down); err != nil {
			t.Fatal(err)
		}
		first := state(t, client, gate.PortOne)
		if !first.Closed {
			t.Error("the gate is open")
		}
		eventually(t, "a's probe opens it", func() bool { return !state(t, client, gate.PortOne).Closed })
		opened := state(t, client, gate.PortOne).Epoch
		eventually(t, "b fails again", func() bool { return report(b, down) == nil })
		for range 3 {
			if err := report(a, gate.Signs{PortOne: gate.Answered}); err != nil {
				t.Errorf("a is held: %v", err)
			}
		}
		if b.Closed() == nil || a.Closed() != nil {
			t.Errorf("b is ready: %v; a is not: %v", b.Closed(), a.Closed())
		}
		if s := state(t, client, gate.PortOne); s.Closed || s.Epoch != opened {
			t.Errorf("the gate is %+v, want it as a opened it", s)
		}
		eventually(t, "b is let in again", func() bool {
			return report(b, gate.Signs{PortOne: gate.Answered}) == nil && b.Closed() == nil
		})
	})
}

// A limit is the account's: no process stands aside for it, however often one closes the gate
// that another's probe has opened.
func TestLimitOfTheAccountSetsNoProcessAside(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	welcome, limited := &gateway{}, &gateway{}
	welcome.up.Store(true)
	a := start(t, client, "a", welcome, quick)
	told, b := &log{}, &process{name: "b", gateway: limited}
	b.Gates = gate.New(gate.NewStore(client, ""), quick, "b", slog.New(slog.NewTextHandler(told, nil)))
	b.run(t)
	close := func() {
		t.Helper()
		for i := range 10 {
			var call *gate.Call
			eventually(t, "b may call", func() (ok bool) {
				var err error
				call, err = b.Enter(t.Context(), tasks.KCP, bulk(tasks.KCP))
				return err == nil
			})
			report(t, call, fmt.Sprint(i), gate.Signs{PortOne: gate.Limited, Cause: "rate_limited, HTTP 429"})
		}
	}
	close()
	first := state(t, client, gate.PortOne)
	if !first.Closed || first.Reason != "10 of the last 10 calls failed (rate_limited, HTTP 429)" {
		t.Errorf("the gate is %+v", first)
	}
	eventually(t, "a's probe opens it", func() bool { return !state(t, client, gate.PortOne).Closed && a.Closed() == nil && b.Closed() == nil })
	close()
	if again := state(t, client, gate.PortOne); again.Epoch <= first.Epoch+1 {
		t.Errorf("the gate has not closed again: %+v", again)
	}
	if got := strings.Count(told.String(), "level=ERROR"); got != 1 {
		t.Errorf("%d alarms, want one of the first closing", got)
	}
	eventually(t, "b makes calls once a has opened it", func() bool {
		return b.call(t, tasks.KCP, "imp_1") == nil && b.Closed() == nil
	})
}
