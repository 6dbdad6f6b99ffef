package worker_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker"
	"receiptrevoker/worker/backoff"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/iamport/iamporttest"
)

// askRows asks for a list in a batch and enqueues it.
func (b *bench) askRows(t *testing.T, name string, all []tasks.Revocation) {
	t.Helper()
	rows := make([]outcome.Row, len(all))
	for i := range all {
		all[i].Batch, all[i].Row = name, i+1
		copy(rows[i].Digest[:], fmt.Sprintf("%04d", i))
	}
	asked, err := b.outcomes.AskRows(t.Context(), name, "", 1, rows, all)
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range asked {
		if a.Enqueue {
			b.enqueueAlone(t, all[i])
		}
	}
}

// cancelBatch cancels a batch and returns what became of its lines.
func (b *bench) cancelBatch(t *testing.T, name string) map[string]outcome.Withdrawal {
	t.Helper()
	if err := b.outcomes.MarkCancelled(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	found := make(map[string]outcome.Withdrawal)
	for page, err := range b.outcomes.CancelOpen(t.Context(), name, false) {
		if err != nil {
			t.Fatal(err)
		}
		for i, impUID := range page.ImpUIDs {
			found[impUID] = page.Withdrawals[i]
		}
	}
	return found
}

// A list is cancelled while its gateway is down: what was never called is not called, and
// what was called ends by a lookup.
func TestCancelledListIsNotCalled(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		const count = 200
		b := newBench(t, client, iamporttest.Config{})
		b.portone.SetOutage(tasks.KCP, true)
		all := make([]tasks.Revocation, count)
		for i := range all {
			all[i] = tasks.Revocation{ImpUID: fmt.Sprintf("imp_%d", i), PG: tasks.KCP}
			b.portone.Issue(iamporttest.Receipt{ImpUID: all[i].ImpUID, PG: tasks.KCP})
		}
		b.askRows(t, "b", all)
		b.enqueue(t, tasks.Revocation{ImpUID: "imp_199", PG: tasks.KCP}) // by somebody else too
		b.start(t, func(config *worker.Config) {
			config.Gate = gate.Config{Receipts: few, Probe: 20 * time.Millisecond, ProbeMax: 20 * time.Millisecond}
			config.Schedule = backoff.Schedule{Base: time.Hour, Max: time.Hour}
		})
		eventually(t, "the gate is closed", func() bool { return b.closed(t, "kcp") })
		withdrawn := make(map[outcome.Withdrawal]int)
		for impUID, what := range b.cancelBatch(t, "b") {
			withdrawn[what]++
			if (what == outcome.Wanted) != (impUID == "imp_199") {
				t.Errorf("%s is %s", impUID, what)
			}
		}
		if withdrawn[outcome.Withdrawn] == 0 || withdrawn[outcome.Called]+withdrawn[outcome.Running] == 0 {
			t.Errorf("got %v, want some that were called, and some that were not", withdrawn)
		}
		eventually(t, "all but one have ended", func() bool {
			batch, err := b.outcomes.Batch(t.Context(), "b")
			return err == nil && batch.Reasons[outcome.ReasonWithdrawn] == count-1
		})
		b.portone.SetOutage(tasks.KCP, false)
		if o := b.await(t, "imp_199", terminal); o.Status != outcome.Revoked {
			t.Errorf("what somebody else asks for is %+v", o)
		}
		for truth := range b.portone.Truths() {
			if truth.Revoked() != (truth.ImpUID == "imp_199") {
				t.Errorf("%s is revoked: %t", truth.ImpUID, truth.Revoked())
			}
		}
	})
}

// An answer was lost before it was cancelled: the lookup says that it had worked.
func TestCancelledBetweenTwoAttemptsIsLookedUp(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{Faults: []iamporttest.Rule{{ImpUID: one, Fault: iamporttest.CutAfter}}})
		b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: tasks.KCP}, iamporttest.Receipt{ImpUID: "imp_2", PG: tasks.KCP})
		b.portone.Inject(iamporttest.Rule{ImpUID: "imp_2", Fault: iamporttest.GatewayFailed})
		b.enqueue(t, tasks.Revocation{ImpUID: one, PG: tasks.KCP}, tasks.Revocation{ImpUID: "imp_2", PG: tasks.KCP})
		b.start(t, func(config *worker.Config) { config.Schedule = backoff.Schedule{Base: time.Hour, Max: time.Hour} })
		for _, impUID := range []string{one, "imp_2"} {
			b.await(t, impUID, func(o outcome.Outcome) bool { return o.Reason != "" })
		}
		found, err := b.outcomes.Cancel(t.Context(), []string{one, "imp_2"}, false)
		if err != nil || found[0] != outcome.Called || found[1] != outcome.Called {
			t.Errorf("got %q, %v", found, err)
		}
		for impUID, want := range map[string]outcome.Reason{one: outcome.ReasonAlreadyRevoked, "imp_2": outcome.ReasonWithdrawn} {
			if o := b.await(t, impUID, terminal); o.Reason != want || o.Attempts != 1 {
				t.Errorf("%s is %+v, want %s", impUID, o, want)
			}
			if truth, _ := b.portone.Truth(impUID); truth.Deletes != 1 {
				t.Errorf("%s: %d DELETEs", impUID, truth.Deletes)
			}
		}
	})
}
