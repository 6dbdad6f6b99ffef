package list_test

import (
	"strings"
	"testing"

	"receiptrevoker/cmd/internal/list"

	"github.com/google/go-cmp/cmp"
)

func TestLayout(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, list string
		opts       list.Options
		want       list.Layout
	}{
		{
			"CSV", "\n주문, imp_uid ,PG사,APPLY_NUM,Tier\n",
			list.Options{},
			list.Layout{
				Format: list.CSV, Encoding: "UTF-8", Separator: "comma", HeaderLine: 2,
				ImpUID: "imp_uid", PG: "PG사", ApplyNum: "APPLY_NUM", Tier: "Tier",
			},
		},
		{
			"semicolons, CP949, no gateway", cp949("주문;결제번호\n"),
			list.Options{Column: "결제번호"},
			list.Layout{
				Format: list.CSV, Encoding: "EUC-KR (CP949)", Separator: "semicolon", HeaderLine: 1, ImpUID: "결제번호",
			},
		},
		{
			"a single Korean letter, CP949", cp949("imp_uid,금"),
			list.Options{Column: "금"},
			list.Layout{
				Format: list.CSV, Encoding: "EUC-KR (CP949)", Separator: "comma", HeaderLine: 1, ImpUID: "금",
			},
		},
		{"bare imp_uids", "imp_1\n", list.Options{}, list.Layout{Format: list.CSV, Encoding: "UTF-8"}},
		{"NDJSON", "{\"imp_uid\":\"imp_1\"}\n", list.Options{}, list.Layout{Format: list.NDJSON, Encoding: "UTF-8"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			reader, err := list.NewReader(strings.NewReader(test.list), test.opts)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, reader.Layout()); diff != "" {
				t.Errorf("Layout() (-want +got):\n%s", diff)
			}
		})
	}
}
