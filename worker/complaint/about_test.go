package complaint_test

import (
	"slices"
	"testing"

	"receiptrevoker/tasks"
	"receiptrevoker/worker/complaint"
)

// From the log a request can be made again that means the same receipt.
func TestLogLineNamesWhatARequestIsMadeOf(t *testing.T) {
	t.Parallel()
	r := tasks.Revocation{ImpUID: "imp_1", PG: tasks.KCP, Batch: "list", ApplyNum: "12", Tier: "ABC"}
	want := []any{"imp_uid", "imp_1", "pg", "kcp", "batch", "list", "apply_num", "12", "tier", "ABC", "attempt", 2}
	if got := complaint.About(t.Context(), r, "attempt", 2); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := complaint.About(t.Context(), tasks.Revocation{ImpUID: "imp_1"}); len(got) != 4 {
		t.Errorf("got %v, want the imp_uid and the gateway alone", got)
	}
}
