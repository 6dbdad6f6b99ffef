package world

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/iamport/iamporttest"
)

func TestLookupThatPutsOffHoldsTheDelete(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		seen := &statusWriter{ResponseWriter: httptest.NewRecorder(), status: http.StatusTooManyRequests}
		seen.Header().Set("Retry-After", "10")
		w.answered(http.MethodGet, "worker-0.1", "imp_1", true, seen)
		for _, call := range []struct {
			after       time.Duration
			who, impUID string
			failures    int
		}{
			{9 * time.Second, "worker-1.1", "imp_1", 0},
			{0, "worker-0.1", "imp_2", 0},
			{0, "worker-0.1", "imp_1", 1},
			{time.Second, "worker-0.1", "imp_1", 1},
		} {
			time.Sleep(call.after)
			if w.checkPutOff(call.who, call.impUID); len(w.result.Failures) != call.failures {
				t.Errorf("%+v: got %q, want %d failures", call, w.result.Failures, call.failures)
			}
		}
	})
}

func TestOutageThatClosesTheGateCostsFewAttempts(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		down := Fault{Kind: Outage, PG: tasks.KCP, To: time.Hour}
		w.scenario.Faults, w.payments = []Fault{down}, nil
		for number := range gateReceipts {
			if o := w.inOutage[down]; o != nil && !o.held.IsZero() {
				t.Errorf("%d receipts close the gate, want %d", number, gateReceipts)
			}
			p := payment{Revocation: tasks.Revocation{ImpUID: string(rune('a' + number)), PG: tasks.KCP}}
			p.receipt = iamporttest.Receipt{ImpUID: p.ImpUID, PG: p.PG}
			w.payments = append(w.payments, p)
			w.during(down, p)
			w.during(down, p) // one receipt counts once
		}
		for attempts, failures := range map[int]int{lostAttempts: 0, lostAttempts + 1: 1} {
			w.result.Failures = nil
			w.checkAttempts(outcome.Outcome{ImpUID: "a", Attempts: attempts})
			if len(w.result.Failures) != failures {
				t.Errorf("%d attempts: got %q, want %d failures", attempts, w.result.Failures, failures)
			}
		}
	})
}

func TestLogMayAskNobodyToMendKeys(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		log := slog.New(&listener{world: w, who: "worker-0.1"})
		log.InfoContext(context.Background(), "revoked", "imp_uid", "imp_1")
		if len(w.result.Failures) != 0 {
			t.Errorf("got %q, want no failure", w.result.Failures)
		}
		log.ErrorContext(context.Background(), "outcome not written: mend its keys in Redis", "imp_uid", "imp_1")
		if len(w.result.Failures) != 1 {
			t.Errorf("got %q, want one failure", w.result.Failures)
		}
	})
}
