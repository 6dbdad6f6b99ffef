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
		"too few":                              {"ABC", ""},
		"enough":                               {"ABCD", "4 of the last 4 calls failed"},
		"half":                                 {"abCD", "2 of the last 4 calls failed"},
		"less than half":                       {"abcDE", ""},
		"half of an odd number is more":        {"abcDEF", "3 of the last 6 calls failed"},
		"old successes leave the window":       {"abcdefgHIJ", "3 of the last 6 calls failed"},
		"old failures leave the window":        {"ABCdefghi", ""},
		"one receipt fails over and over":      {"abAAAAAAAA", ""},
		"four receipts succeed in the end":     {"ABCDabcd", ""},
		"a receipt's last call is what counts": {"abcdABCD", "4 of the last 4 calls failed"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := window{size: 6}
			for _, c := range test.calls {
				w.add(fmt.Sprintf("imp_%c", c|0x20), c < 'a')
			}
			if got, bad := w.bad(0.5, 4); got != test.want || bad != (test.want != "") {
				t.Errorf("%s: got %q, %t; want %q", test.calls, got, bad, test.want)
			}
		})
	}
}

func TestRatioOfOneWantsAllToFail(t *testing.T) {
	t.Parallel()
	w := window{size: 4}
	for i := range 4 {
		w.add(fmt.Sprint(i), i > 0)
	}
	if got, bad := w.bad(1, 4); bad {
		t.Errorf("three of four failed, and it is bad: %s", got)
	}
	w.add("0", true)
	if _, bad := w.bad(1, 4); !bad {
		t.Error("all failed, and it is not bad")
	}
}
