package iamporttest_test

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"receiptrevoker/tasks"
	"receiptrevoker/worker/iamport/iamporttest"
)

func TestRevoke(t *testing.T) {
	t.Parallel()
	clock := newClock()
	for _, pg := range tasks.Gateways() {
		t.Run(string(pg), func(t *testing.T) {
			t.Parallel()
			p := start(t, iamporttest.Config{Now: clock.Now})
			p.Issue(iamporttest.Receipt{ImpUID: "imp_1", PG: pg, Amount: 11000, Type: "company"})
			if pg == tasks.KICC {
				envelope(501)(t, p.revoke("imp_1"))
			} else {
				got := p.revoke("imp_1")
				revoked(t, got)
				for field, want := range map[string]any{
					"imp_uid": "imp_1", "type": "company", "amount": 11000., "vat": 1000.,
					"apply_num": p.truth("imp_1").ApplyNum, "receipt_tid": p.truth("imp_1").ReceiptTID,
					"applied_at":   float64(p.truth("imp_1").AppliedAt.Unix()),
					"cancelled_at": float64(clock.Now().Unix()),
				} {
					if got.body.Response[field] != want {
						t.Errorf("got %s %v, want %v", field, got.body.Response[field], want)
					}
				}
			}
			if pg == tasks.KICC || pg == tasks.Settle {
				envelope(404)(t, p.lookup("imp_1"))
			} else {
				revoked(t, p.lookup("imp_1"))
			}
			if got := p.truth("imp_1"); got.Revoked() != (pg != tasks.KICC) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// What the API calls a number, gateways write as a text, too.
func TestAmountsAreWrittenInSeveralWays(t *testing.T) {
	t.Parallel()
	p := start(t, iamporttest.Config{})
	for amount, want := range map[int64]any{12_034: "12034.0", 12_134: "12,134", 12_234: 12234., 134: 134.} {
		impUID := fmt.Sprintf("imp_%d", amount)
		p.Issue(iamporttest.Receipt{ImpUID: impUID, PG: tasks.KCP, Amount: amount})
		if got := p.lookup(impUID).body.Response["amount"]; got != want {
			t.Errorf("%d: got %v, want %v", amount, got, want)
		}
	}
}

func TestNeverIssued(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	p := start(t, iamporttest.Config{Unknown: func(impUID string) (iamporttest.Receipt, bool) {
		asked.Add(1)
		return iamporttest.Receipt{PG: tasks.KCP}, impUID == "imp_2"
	}})
	envelope(400)(t, p.revoke("imp_1"))
	envelope(404)(t, p.lookup("imp_1"))
	wantStatus(t, p.lookup("imp_2"), 200)
	wantStatus(t, p.revoke("imp_2"), 200)
	if got := asked.Load(); got != 2 {
		t.Errorf("asked for unknown imp_uids %d times, want once for each of 2", got)
	}
	if got := p.truth("imp_1"); got.Issued || got.Deletes != 1 || got.Lookups != 1 {
		t.Errorf("got %+v, want not issued, 1 delete, 1 lookup", got)
	}
	if got := p.truth("imp_2"); got.PG != tasks.KCP || !got.Revoked() {
		t.Errorf("got %+v, want a revoked receipt of kcp", got)
	}
	if _, ok := p.Truth("imp_3"); ok {
		t.Error("got a truth about an imp_uid that nobody named")
	}
}

func TestAlreadyRevoked(t *testing.T) {
	t.Parallel()
	for configured, want := range map[int]int{0: 500, 500: 500, 400: 400, 200: 200} {
		p := start(t, iamporttest.Config{AlreadyRevoked: configured})
		p.Issue(iamporttest.Receipt{ImpUID: "imp_1"})
		wantStatus(t, p.revoke("imp_1"), 200)
		first := p.truth("imp_1")
		wantStatus(t, p.revoke("imp_1"), want)
		p.Issue(iamporttest.Receipt{ImpUID: "imp_1", PG: tasks.KCP, Amount: 1}) // changes nothing
		first.Deletes++
		if got := p.truth("imp_1"); got != first || got.Effective != 1 {
			t.Errorf("got %+v, want %+v, and the first delete alone to have taken effect", got, first)
		}
		if got := p.Stats(); got.Duplicates != 1 || got.Revoked != 1 || got.RevokedTwice != 0 {
			t.Errorf("got %+v, want 1 revoked, 1 duplicate", got)
		}
	}
}

func TestSimultaneousDeletesTakeEffectOnce(t *testing.T) {
	t.Parallel()
	const callers, receipts = 8, 20
	p := start(t, iamporttest.Config{AlreadyRevoked: 400})
	for i := range receipts {
		impUID := fmt.Sprintf("imp_%d", i)
		p.Issue(iamporttest.Receipt{ImpUID: impUID})
		var done sync.WaitGroup
		var effective atomic.Int64
		for range callers {
			done.Go(func() {
				if p.revoke(impUID).status == 200 {
					effective.Add(1)
				}
			})
		}
		done.Wait()
		if got := p.truth(impUID); effective.Load() != 1 || got.Effective != 1 || got.Deletes != callers {
			t.Fatalf("got %d successes, %+v, want one", effective.Load(), got)
		}
	}
	stats := p.Stats()
	if stats.Revoked != receipts || stats.RevokedTwice != 0 || stats.Duplicates != receipts*(callers-1) {
		t.Errorf("got %+v", stats)
	}
	if stats.MaxConcurrent < 1 || stats.MaxConcurrent > callers {
		t.Errorf("got %d calls at once, want at most %d", stats.MaxConcurrent, callers)
	}
}

func TestOutage(t *testing.T) {
	t.Parallel()
	p := start(t, iamporttest.Config{Faults: []iamporttest.Rule{{ImpUID: "imp_1", Fault: iamporttest.CutAfter}}})
	p.Issue(iamporttest.Receipt{ImpUID: "imp_1", PG: tasks.KCP}, iamporttest.Receipt{ImpUID: "imp_2", PG: tasks.Nice})
	p.SetOutage(tasks.KCP, true)
	envelope(500)(t, p.revoke("imp_1")) // an outage comes before the rules
	wantStatus(t, p.lookup("imp_1"), 200)
	wantStatus(t, p.revoke("imp_2"), 200)
	if got := p.Stats(); got.DuringOutage != 1 || p.truth("imp_1").Revoked() {
		t.Errorf("got %+v, want one failure and nothing revoked", got)
	}
	p.Clear()
	p.SetOutage(tasks.KCP, false)
	wantStatus(t, p.revoke("imp_1"), 200)
}

// TestAnswersVary sees every form of what the API leaves open.
func TestAnswersVary(t *testing.T) {
	t.Parallel()
	p := start(t, iamporttest.Config{})
	seen := make(map[string]bool)
	for i := range 50 {
		impUID := fmt.Sprintf("imp_%d", i)
		p.Issue(iamporttest.Receipt{ImpUID: impUID})
		got := p.lookup(impUID)
		wantStatus(t, got, 200)
		at, present := got.body.Response["cancelled_at"]
		seen[fmt.Sprintf("cancelled_at %t %v", present, at)] = true
		seen["message "+string(got.body.Message)] = true
		seen["type "+p.truth(impUID).Type] = true
	}
	for _, want := range []string{
		"cancelled_at false <nil>", "cancelled_at true <nil>", "cancelled_at true 0",
		"message ", "message null", "type person", "type company",
	} {
		if !seen[want] {
			t.Errorf("never saw %q", want)
		}
	}
}

func TestOtherPaths(t *testing.T) {
	t.Parallel()
	calls := make(chan iamporttest.Call, 10)
	p := start(t, iamporttest.Config{OnCall: func(c iamporttest.Call) { calls <- c }})
	for path, op := range map[string]iamporttest.Operation{
		"/receipts/external/x":   iamporttest.OpExternal,
		"/receipts/":             iamporttest.OpOther,
		"/receipts/imp_1/extras": iamporttest.OpOther,
	} {
		before := p.Stats().Total(op)
		envelope(404)(t, p.call(t.Context(), "DELETE", path, ""))
		if got := p.Stats().Total(op); got != before+1 {
			t.Errorf("%s: got %d calls of %s, want %d", path, got, op, before+1)
		}
	}
	envelope(400)(t, p.revoke("external%2Fx")) // escaped, it is an imp_uid and nothing else
	if got := p.Stats().Total(iamporttest.OpExternal); got != 1 {
		t.Errorf("got %d calls of the external endpoint, want 1", got)
	}
	close(calls)
	var last iamporttest.Call
	for last = range calls {
	}
	if last.ImpUID != "external/x" || last.Operation != iamporttest.OpRevoke {
		t.Errorf("got last call %+v, want to revoke external/x", last)
	}
}

func TestTruthsAreSorted(t *testing.T) {
	t.Parallel()
	server := iamporttest.New(iamporttest.Config{})
	for i := range 200 {
		server.Issue(iamporttest.Receipt{ImpUID: fmt.Sprintf("imp_%d", i)})
	}
	var got []string
	for truth := range server.Truths() {
		got = append(got, truth.ImpUID)
	}
	if len(got) != 200 || !slices.IsSorted(got) {
		t.Errorf("got %d truths, sorted %t, want 200, sorted", len(got), slices.IsSorted(got))
	}
	for range server.Truths() {
		break // must be allowed
	}
}
