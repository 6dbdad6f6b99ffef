package list_test

import (
	"fmt"
	"strings"
	"testing"

	"receiptrevoker/cmd/internal/list"

	"github.com/google/go-cmp/cmp"
)

func TestUnknownGatewaysAreCounted(t *testing.T) {
	t.Parallel()
	many := "imp_uid,pg\n"
	for i := range 300 {
		many += fmt.Sprintf("imp_%d,pg%03d\n", i, i)
	}
	for _, test := range []struct {
		name, list string
		opts       list.Options
		want       []list.UnknownGateway
		others     int
	}{
		{"none", "imp_uid,pg\nimp_1,kcp\nimp_2,\n", list.Options{}, nil, 0},
		{
			"by spelling, the most frequent first", "imp_uid,pg\nimp_1,b\nimp_2,a\nimp_3,xyz\nimp_4,kcp\nimp_5,xyz\n",
			list.Options{},
			[]list.UnknownGateway{{"xyz", 2}, {"a", 1}, {"b", 1}},
			0,
		},
		{"of rows alone", "imp_uid,pg\nimp 1,b\n,합계\n", list.Options{}, nil, 0},
		{"from the options", "imp_1\nimp_2\n", list.Options{PG: "b"}, []list.UnknownGateway{{"b", 2}}, 0},
		{
			"NDJSON", "{\"imp_uid\":\"imp_1\",\"pg\":\"b\"}\n",
			list.Options{},
			[]list.UnknownGateway{{"b", 1}},
			0,
		},
		{
			"letters that are lost", "imp_uid,pg\nimp_1,\uFFFD\uFFFD\nimp_2,????\nimp_3,-\nimp_4,없음\nimp_5,◆\n",
			list.Options{},
			[]list.UnknownGateway{{"????", 1}, {"◆", 1}, {"\uFFFD\uFFFD", 1}},
			0,
		},
		{
			"too long to be remembered", "imp_uid,pg\nimp_1," + strings.Repeat("x", 300) + "\nimp_2,b\n",
			list.Options{},
			[]list.UnknownGateway{{"b", 1}},
			1,
		},
		{"more than are remembered", many, list.Options{}, nil, 300 - 256},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			reader, err := list.NewReader(strings.NewReader(test.list), test.opts)
			if err != nil {
				t.Fatal(err)
			}
			rest(t, reader)
			got, others := reader.UnknownGateways()
			if others != test.others || others > 1 && len(got) != 256 {
				t.Errorf("%d named, %d others, want %d others", len(got), others, test.others)
			}
			if diff := cmp.Diff(test.want, got); diff != "" && others <= 1 {
				t.Errorf("UnknownGateways() (-want +got):\n%s", diff)
			}
		})
	}
}
