package iamporttest_test

import (
	"encoding/json"
	"testing"
	"time"

	"receiptrevoker/tasks"
	"receiptrevoker/worker/iamport/iamporttest"
)

func TestReissue(t *testing.T) {
	t.Parallel()
	clock := newClock()
	p := start(t, iamporttest.Config{Now: clock.Now})
	if r, ok := p.Reissue("imp_1", 0); ok {
		t.Errorf("got %+v where there was none", r)
	}
	p.Issue(iamporttest.Receipt{ImpUID: "imp_1", PG: tasks.KCP, Amount: 11_000, AppliedAt: clock.Now().Add(time.Hour)})
	if r, ok := p.Reissue("imp_1", 0); ok {
		t.Errorf("got %+v beside one that is not revoked", r)
	}
	numbers := make(map[string]bool)
	for i, test := range []struct{ amount, want int64 }{{0, 5_500}, {3_000, 3_000}} {
		wantStatus(t, p.revoke("imp_1"), 200)
		was := p.truth("imp_1")
		r, ok := p.Reissue("imp_1", test.amount)
		got := p.truth("imp_1")
		switch {
		case !ok || got.Revoked() || got.Receipt != r || r.PG != tasks.KCP || got.Effective != 0:
			t.Errorf("got %+v, want another of kcp that is not revoked", got)
		case r.ApplyNum == was.ApplyNum || r.ReceiptTID == was.ReceiptTID || r.ReceiptURL == was.ReceiptURL:
			t.Errorf("got %+v after %+v, want other numbers", r, was.Receipt)
		case !r.AppliedAt.After(was.AppliedAt):
			t.Errorf("got it issued at %v, want after %v", r.AppliedAt, was.AppliedAt)
		case r.Amount != test.want:
			t.Errorf("got an amount of %d", r.Amount)
		}
		if earlier := p.Earlier("imp_1"); len(earlier) != i+1 || earlier[i] != was || !earlier[i].Revoked() {
			t.Errorf("got %+v earlier, want %+v last", earlier, was)
		}
		shown := p.lookup("imp_1")
		wantStatus(t, shown, 200)
		if shown.body.Response["apply_num"] != r.ApplyNum {
			t.Errorf("a lookup shows %v, want %s", shown.body.Response, r.ApplyNum)
		}
		numbers[r.ApplyNum] = true
	}
	wantStatus(t, p.revoke("imp_1"), 200)
	if got := p.Stats(); got.Revoked != 3 || got.RevokedTwice != 0 || len(numbers) != 2 {
		t.Errorf("got %+v and %v, want three revoked, each once", got, numbers)
	}
}

func TestRevokedUnseen(t *testing.T) {
	t.Parallel()
	p := start(t, iamporttest.Config{})
	if p.Revoke("imp_1") {
		t.Error("got one revoked that was never issued")
	}
	p.Issue(iamporttest.Receipt{ImpUID: "imp_1", PG: tasks.KCP})
	if !p.Revoke("imp_1") || p.Revoke("imp_1") {
		t.Error("want it revoked the first time alone")
	}
	revoked(t, p.lookup("imp_1"))
	if got := p.truth("imp_1"); !got.Revoked() || got.Effective != 0 || got.Deletes != 0 {
		t.Errorf("got %+v, want it revoked by no DELETE", got)
	}
}

func TestControlReissue(t *testing.T) {
	t.Parallel()
	p := start(t, iamporttest.Config{})
	wantStatus(t, p.control("POST", "receipts/imp_1", ""), 404)
	p.Issue(iamporttest.Receipt{ImpUID: "imp_1"})
	wantStatus(t, p.control("POST", "receipts/imp_1", ""), 409)
	wantStatus(t, p.revoke("imp_1"), 200)
	was := p.truth("imp_1")
	got := p.control("POST", "receipts/imp_1", "")
	wantStatus(t, got, 200)
	var truth iamporttest.Truth
	err := json.Unmarshal([]byte(got.text), &truth)
	if err != nil || truth != p.truth("imp_1") || truth.ApplyNum == was.ApplyNum {
		t.Errorf("got %s, %v, want %+v", got.text, err, p.truth("imp_1"))
	}
}

func TestUnknownPageIsNoFault(t *testing.T) {
	t.Parallel()
	for fault, want := range map[iamporttest.Fault]bool{
		iamporttest.Page(400): true, "html-404": true, "html-599": true,
		"html": false, "html-": false, "html-0404": false, "html-+404": false, "html-600": false, "html-100": false,
	} {
		if got := fault.Known(); got != want {
			t.Errorf("%s: got known %t", fault, got)
		}
	}
}
