package gate

import (
	"fmt"
	"testing"
)

func TestWindowIsBadWhenEnoughReceiptsFail(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		calls string // in order: a receipt's letter, capital if it failed
		want  string
	}{
		"nothing":                              {"", ""},
		"too few":                              {"ABCDEFGHI", ""},
		"enough":                               {"ABCDEFGHIJ", "10 of the last 10 calls failed"},
		"seven of ten":                         {"abcDEFGHIJ", "7 of the last 10 calls failed"},
		"six of ten":                           {"abcdEFGHIJ", ""},
		"a share of an odd number is more":     {"abcDEFGHIJk", ""},
		"old successes leave the window":       {"abcdefghijklmnopqrstuvABCDEFGHIJKLMN", "14 of the last 20 calls failed"},
		"old failures leave the window":        {"ABCDEFGHIjklmnopqrstuvwxy", ""},
		"one receipt fails over and over":      {"abAAAAAAAAAAAA", ""},
		"ten receipts succeed in the end":      {"ABCDEFGHIabcdefghi", ""},
		"a receipt's last call is what counts": {"abcdefghijABCDEFGHIJ", "10 of the last 10 calls failed"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var w window
			for _, c := range test.calls {
				w.add(fmt.Sprintf("imp_%c", c|0x20), c < 'a')
			}
			if got := w.bad(); got != test.want {
				t.Errorf("%s: got %q, want %q", test.calls, got, test.want)
			}
		})
	}
}
