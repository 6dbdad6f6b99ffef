package gate_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/worker/gate"
)

// letIn returns since when PortOne's gate is open, when PortOne last let a call in, and
// whether it is open.
func letIn(p *process) (opened, last time.Time, open bool) {
	state := p.States()[gate.PortOne]
	return state.OpenedAt, state.SucceededAt, p.Closed() == nil
}

func TestGatesTellWhetherPortOneLetsCallsIn(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		portone := &gateway{}
		portone.up.Store(true)
		a := start(t, client, "a", portone, quick)
		if opened, last, open := letIn(a); !open || !opened.IsZero() || !last.IsZero() {
			t.Errorf("before any call: opened %v, last %v, open %t", opened, last, open)
		}
		eventually(t, "it knows Redis' time", func() bool {
			if err := a.call(t, tasks.KCP, "imp_1"); err != nil {
				t.Fatal(err)
			}
			_, last, _ := letIn(a)
			return time.Since(last) < time.Minute
		})
		portone.up.Store(false)
		call, err := a.Enter(t.Context(), tasks.KCP, bulk(tasks.KCP))
		if err != nil {
			t.Fatal(err)
		}
		report(t, call, "imp_2", gate.Signs{PortOne: gate.Down, Cause: "no token"})
		if _, _, open := letIn(a); open {
			t.Error("it is open although nothing gets through")
		}
		portone.up.Store(true)
		eventually(t, "it is open again, and since when", func() bool {
			opened, _, open := letIn(a)
			return open && time.Since(opened) < time.Minute
		})
		// What another process was let in for is known once it has met a failure.
		b := start(t, client, "b", portone, quick)
		_, before, _ := letIn(b)
		call, err = a.Enter(t.Context(), tasks.KCP, bulk(tasks.KCP))
		if err != nil {
			t.Fatal(err)
		}
		if err := a.call(t, tasks.KCP, "imp_3"); err != nil {
			t.Fatal(err)
		}
		report(t, call, "imp_2", gate.Signs{PortOne: gate.Failed, Cause: "HTTP 403"})
		eventually(t, "the other process knows", func() bool {
			_, last, _ := letIn(b)
			return last.After(before)
		})
	})
}
