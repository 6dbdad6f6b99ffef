package worker_test

import (
	"testing"
	"testing/synctest"
	"time"

	"receiptrevoker/tasks/redistest"
	"receiptrevoker/worker"
	"receiptrevoker/worker/iamport/iamporttest"
)

func TestLoopThatRestsIsDead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pulse := worker.NewPulse()
		if err := pulse.Err(); err != nil {
			t.Errorf("before any loop runs: %v", err)
		}
		pulse.Beat("discover")
		pulse.Beat("leases")
		time.Sleep(worker.Silence)
		pulse.Beat("leases")
		if err := pulse.Err(); err != nil {
			t.Errorf("just in time: %v", err)
		}
		time.Sleep(time.Second)
		const want = `the loop "discover" has not turned for 5m1s`
		if err := pulse.Err(); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
		pulse.End("discover")
		if err := pulse.Err(); err != nil {
			t.Errorf("after it has ended: %v", err)
		}
	})
}

func TestWorkerIsAliveAndReadyOnlyWhileItWorks(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Embedded(t), iamporttest.Config{})
	w, stop := b.startWorker(t)
	eventually(t, "it is ready", func() bool { return w.Ready(t.Context()) == nil })
	if err := w.Alive(); err != nil {
		t.Errorf("while it works: %v", err)
	}
	if gates := w.Gates(); len(gates) != 13 || gates["kcp"].Closed {
		t.Errorf("gates: got %v, want those of 11 gateways, of none and of all, open", gates)
	}
	stop()
	if err := w.Ready(t.Context()); err == nil {
		t.Error("it is ready after it has stopped")
	}
	if err := w.Alive(); err != nil {
		t.Errorf("after it has stopped in good order: %v", err)
	}
}
