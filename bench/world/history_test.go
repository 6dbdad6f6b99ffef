package world

import (
	"strings"
	"testing"
	"time"
)

// What is told again and again, in turns too, stands once, and leaves room for what is not.
func TestHistoryFoldsRepetitions(t *testing.T) {
	t.Parallel()
	h := newHistory()
	for i := range 100 {
		at := time.Duration(i) * time.Second
		h.note("imp_1", event{at, "worker", "extends its lease"})
		h.note("imp_1", event{at, "worker", "is heard"})
		if i == 50 {
			h.note("imp_1", event{at, "person", "cancels"})
		}
	}
	want := []string{
		"0s  worker       extends its lease (and 99 times more, until 1m39s)", "is heard (and 99 times more, until 1m39s)",
		"50s  person       cancels",
	}
	got := h.of("imp_1")
	for _, text := range want {
		if !strings.Contains(got, text) {
			t.Errorf("want %q in\n%s", text, got)
		}
	}
	if strings.Count(got, "\n") != len(want) {
		t.Errorf("got more than %d lines:\n%s", len(want), got)
	}
}

func TestImpUIDIsFoundInKeysAndPayloads(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"asynq:{receipts-kcp}:t:revoke:imp_000000000007": "imp_000000000007",
		`{"imp_uid":"imp_000000000008","pg":"kcp"}`:      "imp_000000000008",
		"imp_uid": "", "": "",
	} {
		if got := impUIDIn(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
