package list_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"receiptrevoker/cmd/internal/list"
)

func TestLastLineThatMayBeCutOffIsInvalid(t *testing.T) {
	t.Parallel()
	const cut = "it is the last line, has no line end, and is shorter than the others: the file may have been cut off here"
	for _, test := range []struct{ name, list, last, want string }{
		{"in a bare imp_uid", "imp_100000000001\nimps_100000000002\n", "imp_10000", cut},
		{"in its prefix", "imp_100000000001\nimp_100000000002\n", "im", cut},
		{"a bare imp_uid", "imp_100000000001\nimp_100000000002\n", "imp_100000000003", ""},
		{"a longer one", "imp_100000000001\nimp_100000000002\n", "imp_1000000000003", ""},
		{"before the last cell", "imp_uid,금액\nimp_100000000001,1\n", "imp_100000000002", cut},
		{"in the imp_uid at the end", "금액,imp_uid\n1,imp_100000000001\n", "1,imp_10000000000", cut},
		{"in the number", "imp_uid,apply_num\nimp_100000000001,300000001\n", "imp_100000000002,3000000", cut},
		{"before the number", "imp_uid,apply_num\nimp_100000000001,300000001\n", "imp_100000000002,", cut},
		{"no number, as another", "imp_uid,apply_num\nimp_100000000001,300000001\nimp_100000000003,\n", "imp_100000000002,", ""},
		{"in the number, others have none", "imp_uid,apply_num\nimp_100000000001,300000001\nimp_100000000003,\n", "imp_100000000002,3000", cut},
		{"in the sub-merchant", "imp_uid,tier\nimp_100000000001,ABC\n", "imp_100000000002,AB", cut},
		{"in a memo", "imp_uid,메모\nimp_100000000001,친절\n", "imp_100000000002,친", ""},
		{"Ctrl-Z ends it", "imp_100000000001\n", "imp_1000000000\x1A", ""},
		{"as short as most", "imp_uid,메모\nimp_100000000001\nimp_100000000003\n", "imp_100000000002", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for end, want := range map[string]string{"": test.want, "\n": ""} {
				got := read(t, strings.NewReader(test.list+test.last+end), list.Options{})
				line := fmt.Sprintf("line %d: %s", strings.Count(test.list, "\n")+1, cut)
				if slices.Contains(got, line) != (want != "") {
					t.Errorf("with the end %q: read %q, want it cut off: %t", end, got, want != "")
				}
			}
		})
	}
}
