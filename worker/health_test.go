package worker_test

import (
	"testing"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/worker/iamport/iamporttest"
)

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
