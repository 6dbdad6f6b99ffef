package worker_test

import (
	"strings"
	"testing"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
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
	if gates := w.Gates(); len(gates) != len(tasks.Gateways())+2 || gates["kcp"].Closed {
		t.Errorf("gates: got %v, want those of all gateways, of none and of PortOne, open", gates)
	}
	stop()
	if err := w.Ready(t.Context()); err == nil {
		t.Error("it is ready after it has stopped")
	}
	if err := w.Alive(); err != nil {
		t.Errorf("after it has stopped in good order: %v", err)
	}
}

// A Redis that answers what is short, and carries out no attempt, as behind a network that
// drops large packets.
func TestWorkerThatCanBeginNothingIsNotReady(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Embedded(t), iamporttest.Config{})
	w, _ := b.startWorker(t)
	b.client.AddHook(&refusing{why: "CLUSTERDOWN Hash slot not served", refuses: func() bool { return true }})
	b.enqueue(t, tasks.Revocation{ImpUID: one})
	const want = "redis works in part: none of its evalsha of {receipt} was carried out for "
	eventually(t, "it is not ready", func() bool {
		err := w.Ready(t.Context())
		return err != nil && strings.HasPrefix(err.Error(), want)
	})
}
