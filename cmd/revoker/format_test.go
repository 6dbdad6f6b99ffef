package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPlural(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0 lines", 1: "1 line", 2: "2 lines"} {
		if got := plural(n, "line"); got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
}

func TestByFrequency(t *testing.T) {
	t.Parallel()
	got := byFrequency(map[string]int{"b": 1, "a": 1, "most": 3, "some": 2})
	if diff := cmp.Diff([]string{"most", "some", "a", "b"}, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}
