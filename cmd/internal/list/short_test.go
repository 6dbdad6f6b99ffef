package list_test

import (
	"bytes"
	"testing"

	"receiptrevoker/cmd/internal/list"

	"github.com/google/go-cmp/cmp"
)

// A line without its apply_num revokes whichever receipt the payment has, and one without its tier is called for
// with the workers' own account.
func TestLinesThatEndBeforeAColumnOfTheReceiptAreInvalid(t *testing.T) {
	t.Parallel()
	const missing = ": a comma may be missing in it"
	for _, test := range []golden{
		{
			name: "glued to the cell before", list: "imp_uid,구매자,apply_num\nimp_1,김,3001\nimp_2,이 3002\nimp_3,박,3003\n",
			want: []string{"2 imp_1 3001", "line 3: the line has 2 columns, and apply_num is column 3" + missing, "4 imp_3 3003"},
		},
		{
			name: "the sub-merchant takes its place", list: "imp_uid,승인시각,apply_num,tier\nimp_1,10:00,3001,ABC\nimp_2,10:00 3002,ABC\n",
			want: []string{"2 imp_1 3001 ABC", "line 3: the line has 3 columns, and tier is column 4" + missing},
		},
		{
			name: "of all lines", list: "imp_uid,tier\nimp_1\nimp_2\n",
			want: []string{"line 2: the line has 1 columns, and tier is column 2" + missing, "line 3: the line has 1 columns, and tier is column 2" + missing},
		},
		{
			name: "tabs, and a Korean name", list: "imp_uid\t금액\t현금영수증 승인번호\nimp_1\t5\t3001\nimp_2\t2,000\n",
			want: []string{"2 imp_1 3001", "line 3: the line has 2 columns, and apply_num is column 3: a tab may be missing in it"},
		},
		{
			name: "the second of two columns of it", list: "imp_uid,apply_num,현금영수증 승인번호\nimp_1,,3001\nimp_2,3002\n",
			want: []string{"2 imp_1 3001", "line 3: the line has 2 columns, and apply_num is column 3" + missing},
		},
		{
			name: "before the last column, where others have all", list: "imp_uid,구매자,apply_num,메모\nimp_1,김,3001,\nimp_2,이 3002,\nimp_3,박,,\nimp_4,최,3004\n",
			want: []string{
				"2 imp_1 3001", "line 3: the line has 3 columns, not 4, and no apply_num" + missing, "4 imp_3", "5 imp_4 3004",
			},
		},
		{
			name: "the next column's text takes its place", list: "imp_uid,구매자,apply_num,메모\nimp_1,김,3001,\nimp_2,이 3002,memo\nimp_3,박,3003,\n",
			want: []string{"2 imp_1 3001", `line 3: the line has 3 columns, not 4, and "memo" for its apply_num` + missing, "4 imp_3 3003"},
		},
		{
			name: "before the last column, the sub-merchant", list: "imp_uid,구매자,tier,메모\nimp_1,김,ABC,\nimp_2,이 ABC,\nimp_3,박,,\n",
			want: []string{"2 imp_1 ABC", "line 3: the line has 3 columns, not 4, and no tier" + missing, "4 imp_3"},
		},
		{
			name: "all lines end before the last column", list: "imp_uid,구매자,apply_num,메모\nimp_1,김,3001\nimp_2,이,\nimp_3,박,3003\n",
			want: []string{"2 imp_1 3001", "3 imp_2", "4 imp_3 3003"},
		},
		{
			name: "after a second header", list: "imp_uid\nimp_1\nimp_uid,금액,apply_num\nimp_2,5,3002\nimp_3,5 3003\n",
			want: []string{
				"2 imp_1", "line 3: another header stands here: the lines after it are read by its columns", "4 imp_2 3002",
				"line 5: the line has 2 columns, and apply_num is column 3" + missing,
			},
		},
		{name: "the gateway is missing", list: "imp_uid,apply_num,pg\nimp_1,3001,kcp\nimp_2,3002\n", want: []string{"2 imp_1 kcp 3001", "3 imp_2 3002"}},
		{name: "empty, and all separators", list: "imp_uid,구매자,apply_num\nimp_1,김,\nimp_2,,\n", want: []string{"2 imp_1", "3 imp_2"}},
		{name: "before the imp_uid", list: "apply_num,imp_uid,메모\n3001,imp_1,x\n,imp_2\n", want: []string{"2 imp_1 3001", "3 imp_2"}},
	} {
		test.run(t)
	}
}

// A cell of a sheet stays in its column, and Excel leaves out empty ones.
func TestRowOfASheetMayEndBeforeItsNumber(t *testing.T) {
	t.Parallel()
	book := workbook(t, row(1, text("A1", "imp_uid"), text("B1", "금액"), text("C1", "apply_num"))+
		row(2, text("A2", "imp_1"), text("B2", "5"), text("C2", "3001"))+row(3, text("A3", "imp_2"), text("B3", "5")))
	if diff := cmp.Diff([]string{"2 imp_1 3001", "3 imp_2"}, read(t, bytes.NewReader(book), list.Options{})); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
}

func TestNumberOfAnotherKindIsInvalid(t *testing.T) {
	t.Parallel()
	for _, test := range []golden{
		{
			name: "CSV", list: "imp_uid,apply_num,pg\nimp_1,kcp\nimp_2,나이스페이먼츠,kcp\nimp_3,imp_4,kcp\nimp_5,IMPS_6,kcp\nimp_7,3007,kcp\n",
			want: []string{
				`line 2: "kcp" is a gateway, not an apply_num`, `line 3: "나이스페이먼츠" is a gateway, not an apply_num`,
				`line 4: "imp_4" is an imp_uid, not an apply_num`, `line 5: "IMPS_6" is an imp_uid, not an apply_num`, "6 imp_7 kcp 3007",
			},
		},
		{
			name: "NDJSON", list: "{\"imp_uid\":\"imp_1\",\"apply_num\":\"nice_v2\"}\n{\"imp_uid\":\"imp_2\",\"apply_num\":\"A-3\"}\n",
			want: []string{`line 1: "nice_v2" is a gateway, not an apply_num`, "2 imp_2 A-3"},
		},
		{name: "what may be one", list: "imp_uid,apply_num\nimp_1,K3001\nimp_2,important-1\n", want: []string{"2 imp_1 K3001", "3 imp_2 important-1"}},
	} {
		test.run(t)
	}
}
