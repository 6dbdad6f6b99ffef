package list_test

import (
	"bytes"
	"strings"
	"testing"

	"receiptrevoker/cmd/internal/list"
)

// A header that holds an imp_uid is a header and a line, between which a line end is missing.
func TestHeaderThatHoldsAnImpUIDIsRefused(t *testing.T) {
	t.Parallel()
	const rest = "\nimp_101\nimp_102\n"
	for text, holds := range map[string]string{
		"imp_uid,pgimp_100,kcp": "pgimp_100", "imp_uid,pg,금액imp_100,kcp,1000": "금액imp_100", "imp_uid,메모imps_100,x": "메모imps_100",
		"imp_uid imp_100": "imp_uid imp_100", "imp_uid=imp_100": "imp_uid=imp_100", "imp_100 (imp_uid)": "imp_100 (imp_uid)",
		"imp_uid / IMP_100": "imp_uid / IMP_100", "imp_uid\x00imp_100": `imp_uid\x00imp_100`, "imp_uid\u2028imp_100": "imp_uid imp_100",
		"\"imp_uid\nimp_100\"": "imp_uid imp_100", "imp_uid,\"메모\nimp_100,x\"": "메모 imp_100,x", "2026-11-26 INFO imp_uid=imp_100 pg=kcp": "2026-11-26 INFO imp_uid=imp_100 pg=kcp",
		"imp_uid(예: imp_448280090638)": "imp_uid(예: imp_448280090638)",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			for _, above := range []string{"", "환불 목록\n"} {
				_, err := list.NewReader(strings.NewReader(above+text+rest), list.Options{})
				want := "line 1: the header holds an imp_uid, \"" + holds + "\": a line end is missing before it, or it is an example that is to be taken out"
				if above != "" {
					want = strings.Replace(want, "line 1", "line 2", 1)
				}
				if err == nil || err.Error() != want {
					t.Errorf("NewReader: %v, want %s", err, want)
				}
			}
		})
	}
}

func TestCellOfAWorkbookThatHoldsNameAndImpUIDIsRefused(t *testing.T) {
	t.Parallel()
	book := workbook(t, row(1, text("A1", "imp_uid\nimp_100"), text("B1", "pg"))+row(2, text("A2", "imp_101"), text("B2", "kcp")))
	_, err := list.NewReader(bytes.NewReader(book), list.Options{})
	if err == nil || !strings.Contains(err.Error(), "the header holds an imp_uid") {
		t.Errorf("NewReader: %v, want that the header holds an imp_uid", err)
	}
}

func TestGluedLinesAreInvalid(t *testing.T) {
	t.Parallel()
	const missing = ": a line end is missing in it"
	inside := func(cell string) string {
		return `"` + cell + `" has imp_ after other text: a line end is missing before it`
	}
	for _, test := range []golden{
		{
			name: "a line and a header", list: "pg,imp_uid\nkcp,imp_1\nnice,imp_2pg,imp_uid\nkcp,imp_3\n",
			want: []string{"2 imp_1 kcp", "line 3: the line has 3 columns, not 2" + missing, "4 imp_3 kcp"},
		},
		{
			name: "a line and a header, after which it is a name", list: "메모,imp_uid\na,imp_1\nb,imp_2메모,imp_uid\nc,imp_3\n",
			want: []string{"2 imp_1", "line 3: the line has 3 columns, not 2" + missing, "4 imp_3"},
		},
		{
			name: "the header's name in the next cell", list: "imp_uid,pg\nimp_1,kcp\nimp_2,nice,imp_uid,pg\nimp_3,kcp\n",
			want: []string{"2 imp_1 kcp", "line 3: the line has 4 columns, not 2" + missing, "4 imp_3 kcp"},
		},
		{
			name: "a line and a bare imp_uid", list: "imp_uid,메모\nimp_1,ximp_2\nimp_3,환불imp_4\nimp_5,1000imps_6\nimp_7,y\n",
			want: []string{"line 2: " + inside("ximp_2"), "line 3: " + inside("환불imp_4"), "line 4: " + inside("1000imps_6"), "5 imp_7"},
		},
		{
			name: "two short lines", list: "imp_uid,메모,비고\nimp_1,aimp_2,b\nimp_710000000003,c\n",
			want: []string{"line 2: " + inside("aimp_2"), "3 imp_710000000003"},
		},
		{
			name: "imp_uids in what people and programs write", list: "imp_uid,메모\nimp_1,원거래: imp_8\nimp_2,imp_8\nimp_3,(imp_8)\nimp_4,/payments/imp_8\n" +
				"imp_5,order-imp_8 old_imp_8\nimp_6,simp_le imp_uid\n",
			want: []string{"2 imp_1", "3 imp_2", "4 imp_3", "5 imp_4", "6 imp_5", "7 imp_6"},
		},
	} {
		test.run(t)
	}
}

// What stands above the header is not read. Where it looks like a payment, it counts as a line.
func TestPaymentsAboveTheHeaderAreReported(t *testing.T) {
	t.Parallel()
	const above = ": it stands above the header and looks like a payment, which is not read"
	for _, test := range []golden{
		{name: "a number", list: "448280090638,kcp\nimp_uid,pg\nimp_1,kcp\n", want: []string{"line 1" + above, "3 imp_1 kcp"}},
		{name: "in capitals", list: "IMP_730000000001,kcp\nimp_uid,pg\nimp_1,kcp\n", want: []string{"line 1" + above, "3 imp_1 kcp"}},
		{
			name: "in a title", list: "환불 목록\n대상: imp_73\nno,imp_uid\n1,imp_1\n2,imp_2\n",
			want: []string{"line 2" + above, "4 imp_1", "5 imp_2"},
		},
		{name: "below an open quote", list: "\"imp_1\nimp_2\nimp_3\n", want: []string{"line 1" + above, "2 imp_2", "3 imp_3"}},
		{
			name: "titles", list: "사업자번호,1234567890\n기간,20261101000000~\n작성 448280090638\nno,imp_uid\n1,imp_1\n", want: []string{"5 imp_1"},
		},
	} {
		test.run(t)
	}
}

func TestPaymentsAboveTheHeaderAreNotNotedAsWell(t *testing.T) {
	t.Parallel()
	noted{
		name: "two rows", list: "환불 목록\n대상: imp_73\nimp_uid\nimp_1\n", notes: []string{`1 above the header, not read: "환불 목록"`},
		want: []string{"line 2: it stands above the header and looks like a payment, which is not read", "4 imp_1"},
	}.run(t)
}
