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
			name: "glued to the cell before", list: "imp_uid,구매자,apply_num\nimp_100000000001,김,3001\nimp_100000000002,이 3002\nimp_100000000003,박,3003\n",
			want: []string{"2 imp_100000000001 3001", "line 3: the line has 2 columns, not 3" + missing, "4 imp_100000000003 3003"},
		},
		{
			name: "the sub-merchant takes its place", list: "imp_uid,승인시각,apply_num,tier\nimp_100000000001,10:00,3001,ABC\nimp_100000000002,10:00 3002,ABC\n",
			want: []string{"2 imp_100000000001 3001 ABC", "line 3: the line has 3 columns, not 4" + missing},
		},
		{
			name: "most lines do, and name none", list: "imp_uid,tier\nimp_100000000001\nimp_100000000002\nimp_100000000003,ABC\n",
			want: []string{"2 imp_100000000001", "3 imp_100000000002", "4 imp_100000000003 ABC"},
		},
		{
			name: "most lines do, and one is shorter", list: "imp_uid,금액,구매자,apply_num\nimp_100000000001,5,김\nimp_100000000002,6,이\nimp_100000000003,7 박\nimp_100000000004,8,최\n",
			want: []string{"2 imp_100000000001", "3 imp_100000000002", "line 4: the line has 2 columns, not 3" + missing, "5 imp_100000000004"},
		},
		{
			name: "tabs, and a Korean name", list: "imp_uid\t금액\t현금영수증 승인번호\nimp_100000000001\t5\t3001\nimp_100000000002\t2,000\n",
			want: []string{"2 imp_100000000001 3001", "line 3: the line has 2 columns, not 3: a tab may be missing in it"},
		},
		{
			name: "the second of two columns of it", list: "imp_uid,apply_num,현금영수증 승인번호\nimp_100000000001,,3001\nimp_100000000002,3002\n",
			want: []string{"2 imp_100000000001 3001", "line 3: the line has 2 columns, not 3" + missing},
		},
		{
			name: "before the last column, where others have all", list: "imp_uid,구매자,apply_num,메모\nimp_100000000001,김,3001,\nimp_100000000002,이 3002,\nimp_100000000003,박,,\nimp_100000000004,최,3004\n",
			want: []string{
				"2 imp_100000000001 3001", "line 3: the line has 3 columns, not 4" + missing, "4 imp_100000000003",
				"line 5: the line has 3 columns, not 4" + missing,
			},
		},
		{
			name: "the next column's text takes its place", list: "imp_uid,구매자,apply_num,메모\nimp_100000000001,김,3001,\nimp_100000000002,이 3002,memo\nimp_100000000003,박,3003,\n",
			want: []string{"2 imp_100000000001 3001", "line 3: the line has 3 columns, not 4" + missing, "4 imp_100000000003 3003"},
		},
		{
			name: "before the last column, the sub-merchant", list: "imp_uid,구매자,tier,메모\nimp_100000000001,김,ABC,\nimp_100000000002,이 ABC,\nimp_100000000003,박,,\n",
			want: []string{"2 imp_100000000001 ABC", "line 3: the line has 3 columns, not 4" + missing, "4 imp_100000000003"},
		},
		{
			name: "all lines end before the last column", list: "imp_uid,구매자,apply_num,메모\nimp_100000000001,김,300000001\nimp_100000000002,이,\nimp_100000000003,박,300000003\n",
			want: []string{"2 imp_100000000001 300000001", "3 imp_100000000002", "4 imp_100000000003 300000003"},
		},
		{
			name: "after a second header", list: "imp_uid\nimp_100000000001\nimp_uid,금액,apply_num\nimp_100000000002,5,3002\nimp_100000000003,5 3003\n",
			want: []string{
				"2 imp_100000000001", "line 3: another header stands here: the lines after it are read by its columns", "4 imp_100000000002 3002",
				"line 5: the line has 2 columns, not 3" + missing,
			},
		},
		{
			name: "the gateway is missing", list: "imp_uid,apply_num,pg\nimp_100000000001,3001,kcp\nimp_100000000002,3002\n",
			want: []string{"2 imp_100000000001 kcp 3001", "line 3: the line has 2 columns, not 3" + missing},
		},
		{
			name: "the next column's number takes its place", list: "imp_uid,구매자,apply_num,금액,메모\nimp_100000000001,김,3001,5000,\nimp_100000000002,이 3002,6000,x\nimp_100000000003,박,3003,7000,\n",
			want: []string{"2 imp_100000000001 3001", "line 3: the line has 4 columns, not 5" + missing, "4 imp_100000000003 3003"},
		},
		{
			name: "the next column's code takes the sub-merchant's place", list: "imp_uid,구매자,tier,지점,메모\nimp_100000000001,김,ABC,S01,\nimp_100000000002,이 ABC,S01,x\n",
			want: []string{"2 imp_100000000001 ABC", "line 3: the line has 4 columns, not 5" + missing},
		},
		{
			name: "where lines have a separator more than the header", list: "imp_uid,구매자,apply_num,메모\nimp_100000000001,김,3001,x,\nimp_100000000002,이 3002,7,\n",
			want: []string{"2 imp_100000000001 3001", "line 3: the line has 4 columns, not 5" + missing},
		},
		{name: "empty, and all separators", list: "imp_uid,구매자,apply_num\nimp_100000000001,김,\nimp_100000000002,,\n", want: []string{"2 imp_100000000001", "3 imp_100000000002"}},
		{name: "before the imp_uid", list: "apply_num,imp_uid,메모\n3001,imp_100000000001,x\n,imp_100000000002\n", want: []string{"2 imp_100000000001 3001", "3 imp_100000000002"}},
	} {
		test.run(t)
	}
}

func TestShortLineWithoutItsGatewayIsInvalid(t *testing.T) {
	t.Parallel()
	const missing = ": a comma may be missing in it"
	for _, test := range []golden{
		{
			name: "before the last column", list: "imp_uid,금액,pg\nimp_100000000001,500,kcp\nimp_100000000002,600 kcp\n",
			want: []string{"2 imp_100000000001 kcp", "line 3: the line has 2 columns, not 3" + missing},
		},
		{
			name: "the next column takes its place", list: "imp_uid,금액,pg,메모\nimp_100000000001,500,kcp,x\nimp_100000000002,600 kcp,y\n",
			want: []string{"2 imp_100000000001 kcp", "line 3: the line has 3 columns, not 4" + missing},
		},
		{
			name: "it is in its place", list: "imp_uid,금액,pg,메모\nimp_100000000001,500,kcp,x\nimp_100000000002,600,NHN KCP\n",
			want: []string{"2 imp_100000000001 kcp", "3 imp_100000000002 kcp"},
		},
		{
			name: "beside the imp_uid", list: "imp_uid,pg\nimp_100000000001,kcp\nimp_100000000002\n",
			want: []string{"2 imp_100000000001 kcp", "3 imp_100000000002"},
		},
		{
			name: "before the imp_uid, and another imp_uid moves", list: "메모,이전,imp_uid,다음\nx,imp_100000000001,imp_100000000002,imp_100000000003\nx imp_100000000004,imp_100000000005,imp_100000000006\n",
			want: []string{"2 imp_100000000002", "line 3: the line has 3 columns, not 4" + missing},
		},
	} {
		test.run(t)
	}
}

func TestShortLineWithAnOddImpUIDIsInvalid(t *testing.T) {
	t.Parallel()
	const (
		lines = "imp_uid,금액\nimp_710000000000,1000\nimp_710000000002,3000\n"
		short = " has not 10 to 13 digits after imp_, and the line has 1 columns, not 2: a comma may be missing in it, or it is cut"
	)
	for _, test := range []golden{
		{name: "an amount", list: lines + "imp_7100000000012000\n", want: []string{`line 4: "imp_7100000000012000"` + short}},
		{name: "a gateway", list: lines + "imps_710000000001kcp\n", want: []string{`line 4: "imps_710000000001kcp"` + short}},
		{name: "cut", list: lines + "imp_71000", want: []string{"line 4: it is the last line, has no line end, and is shorter than the others: the file may have been cut off here"}},
		{name: "in a whole line", list: lines + "imp_7100000000012000,\n", want: []string{"4 imp_7100000000012000"}},
		{name: "in a short line", list: lines + "imp_7100000001\nimp_7100000000013\n", want: []string{"4 imp_7100000001", "5 imp_7100000000013"}},
	} {
		test.want = append([]string{"2 imp_710000000000", "3 imp_710000000002"}, test.want...)
		test.run(t)
	}
}

// A cell of a sheet stays in its column, and Excel leaves out empty ones.
func TestRowOfASheetMayEndBeforeItsNumber(t *testing.T) {
	t.Parallel()
	book := workbook(t, row(1, text("A1", "imp_uid"), text("B1", "금액"), text("C1", "apply_num"))+
		row(2, text("A2", "imp_100000000001"), text("B2", "5"), text("C2", "3001"))+row(3, text("A3", "imp_100000000002"), text("B3", "5")))
	if diff := cmp.Diff([]string{"2 imp_100000000001 3001", "3 imp_100000000002"}, read(t, bytes.NewReader(book), list.Options{})); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
}

func TestNumberOfAnotherKindIsInvalid(t *testing.T) {
	t.Parallel()
	for _, test := range []golden{
		{
			name: "CSV", list: "imp_uid,apply_num,pg\nimp_100000000001,kcp\nimp_100000000002,나이스페이먼츠,kcp\nimp_100000000003,imp_100000000004,kcp\nimp_100000000005,IMPS_100000000006,kcp\nimp_100000000007,3007,kcp\n",
			want: []string{
				"line 2: the line has 2 columns, not 3: a comma may be missing in it", `line 3: "나이스페이먼츠" is a gateway, not an apply_num`,
				`line 4: "imp_100000000004" is an imp_uid, not an apply_num`, `line 5: "IMPS_100000000006" is an imp_uid, not an apply_num`, "6 imp_100000000007 kcp 3007",
			},
		},
		{
			name: "NDJSON", list: "{\"imp_uid\":\"imp_100000000001\",\"apply_num\":\"nice_v2\"}\n{\"imp_uid\":\"imp_100000000002\",\"apply_num\":\"A-3\"}\n",
			want: []string{`line 1: "nice_v2" is a gateway, not an apply_num`, "2 imp_100000000002 A-3"},
		},
		{name: "what may be one", list: "imp_uid,apply_num\nimp_100000000001,K3001\nimp_100000000002,important-1\n", want: []string{"2 imp_100000000001 K3001", "3 imp_100000000002 important-1"}},
	} {
		test.run(t)
	}
}
