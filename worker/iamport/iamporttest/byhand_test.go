package iamporttest_test

import (
	"testing"
	"time"

	"receiptrevoker/tasks"
	"receiptrevoker/worker/iamport/iamporttest"
)

func TestRevokedByHand(t *testing.T) {
	t.Parallel()
	clock := newClock()
	byHand := clock.Now().Add(-time.Hour)
	receipts := map[string]iamporttest.Receipt{
		"imp_1": {ImpUID: "imp_1", PG: tasks.KCP, CancelledAt: byHand},
		"imp_2": {ImpUID: "imp_2", PG: tasks.Settle, CancelledAt: byHand},
	}
	p := start(t, iamporttest.Config{
		Now:     clock.Now,
		Unknown: func(impUID string) (iamporttest.Receipt, bool) { return receipts[impUID], true },
	})
	p.Issue(receipts["imp_1"])
	for _, impUID := range []string{"imp_1", "imp_2"} {
		envelope(500)(t, p.revoke(impUID))
		got := p.truth(impUID)
		if !got.Revoked() || !got.RevokedAt.Equal(byHand) || got.Effective != 0 || got.AppliedAt.After(byHand) {
			t.Errorf("got %+v, want it revoked at %v, after it was issued, by no DELETE", got, byHand)
		}
	}
	lookup := p.lookup("imp_1")
	revoked(t, lookup)
	if got, want := lookup.body.Response["cancelled_at"], float64(byHand.Unix()); got != want {
		t.Errorf("got cancelled_at %v, want %v", got, want)
	}
	envelope(404)(t, p.lookup("imp_2"))
	if got := p.Stats(); got.Duplicates != 2 || got.Revoked != 0 {
		t.Errorf("got %+v, want 2 duplicates and none revoked", got)
	}
}
