package list_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"receiptrevoker/cmd/internal/list"
	"receiptrevoker/tasks"
)

func TestSuspects(t *testing.T) {
	t.Parallel()
	orders := "imp_uid,pg\n"
	for i := range 20 {
		orders += fmt.Sprintf("ORD-%d,kcp\n", i)
	}
	examples := []list.Note{{Line: 2, Text: "ORD-0"}, {Line: 3, Text: "ORD-1"}, {Line: 4, Text: "ORD-2"}}
	for name, test := range map[string]struct {
		list string
		pg   tasks.Gateway
		want list.Suspects
		most bool
	}{
		"order numbers":           {orders, "", list.Suspects{Rows: 20, ImpUIDs: 20, Either: 20, Examples: examples}, true},
		"PortOne's":               {"imp_uid\nimp_100000000001\nimps_100000000002\n", "", list.Suspects{Rows: 2}, false},
		"lines that are not used": {"imp_uid\nORD 1\n\nimp_100000000001\n합계\n", "", list.Suspects{Rows: 1}, false},
		"none at all":             {"imp_uid\nORD 1\n", "", list.Suspects{}, false},
		"no column of gateways":   {"imp_uid,order\nimp_100000000001,ORD-1\n", "", list.Suspects{Rows: 1}, false},
		"gateways not named": {"imp_uid,pg\nimp_100000000001,\nimp_100000000002,kcp\n", "", list.Suspects{
			Rows: 2, Nameless: 1, NamelessExamples: []list.Note{{Line: 2, Text: "imp_100000000001"}},
		}, false},
		"no gateway is named":      {"imp_uid,pg\nimp_100000000001,\nimp_100000000002,-\n", "", list.Suspects{Rows: 2}, false},
		"half of the gateways":     {"imp_uid,pg\nimp_100000000001,국민카드\nimp_100000000002,kcp\n", "", list.Suspects{Rows: 2, Gateways: 1, Either: 1}, false},
		"more than half":           {"imp_uid,pg\nimp_100000000001,국민카드\nimp_100000000002,kcp\nimp_100000000003,x\n", "", list.Suspects{Rows: 3, Gateways: 2, Either: 2}, true},
		"a gateway that --pg says": {"imp_uid,pg\nimp_100000000001,\nimp_100000000002,new\n", "new", list.Suspects{Rows: 2}, false},
		"either of both": {
			"imp_uid,pg\nORD-0,kcp\nimp_100000000002,x\nimp_100000000003,kcp\n", "",
			list.Suspects{Rows: 3, ImpUIDs: 1, Gateways: 1, Either: 2, Examples: examples[:1]},
			true,
		},
		"both in one line": {
			"imp_uid,pg\nORD-0,x\nimp_100000000002,kcp\n", "",
			list.Suspects{Rows: 2, ImpUIDs: 1, Gateways: 1, Either: 1, Examples: examples[:1]},
			false,
		},
		"a gateway in a group's first line": {
			"pg,imp_uid\nkcp,imp_100000000001\n,imp_100000000002\n-,imp_100000000003\n", "",
			list.Suspects{Rows: 3, Nameless: 2, NamelessExamples: []list.Note{
				{Line: 3, Text: "imp_100000000002"}, {Line: 4, Text: "imp_100000000003"},
			}},
			false,
		},
		"a group, and --pg": {"pg,imp_uid\nkcp,imp_100000000001\n,imp_100000000002\n", "nice", list.Suspects{Rows: 2}, false},
		"NDJSON": {
			"{\"imp_uid\":\"imp_100000000001\"}\n{\"imp_uid\":\"ORD-0\"}\n", "",
			list.Suspects{Rows: 2, ImpUIDs: 1, Either: 1, Examples: examples[:1]},
			false,
		},
		"letters behind the digits": {
			"imp_uid\nimp_100000000001kcp\nimps_100000000002\nimp_total\nimp_100000000003\n", "",
			list.Suspects{Rows: 4, Odd: 2, FirstOdd: list.Note{Line: 2, Text: "imp_100000000001kcp"}},
			false,
		},
		"digits of another number": {
			"imp_uid\nimp_1000000000\nimp_1000000000001\nimp_7100000000012000\nimp_100000000\n", "",
			list.Suspects{Rows: 4, Odd: 2, FirstOdd: list.Note{Line: 4, Text: "imp_7100000000012000"}},
			false,
		},
		"a bare column": {
			"imp_100000000001\nORD-0\n", "", list.Suspects{Rows: 2, ImpUIDs: 1, Either: 1, Examples: examples[:1]}, false,
		},
		"more names than are told apart": {manyGateways(300), "", list.Suspects{Rows: 300, Gateways: 300, Either: 300}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reader, err := list.NewReader(strings.NewReader(test.list), list.Options{PG: test.pg})
			if err != nil {
				t.Fatal(err)
			}
			for range 400 {
				_, _ = reader.Read()
			}
			got := reader.Suspects()
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if nameless := 2*test.want.Nameless > test.want.Rows; got.Doubtful() != (test.most || nameless) {
				t.Errorf("doubtful: %t", got.Doubtful())
			}
			if got.Most() != test.most {
				t.Errorf("more than half: %t", got.Most())
			}
		})
	}
}

// manyGateways returns a list of n lines, each with a gateway of its own.
func manyGateways(n int) string {
	text := "imp_uid,pg\n"
	for i := range n {
		text += fmt.Sprintf("imp_%012d,gateway%d\n", i, i)
	}
	return text
}
