package list_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"receiptrevoker/cmd/internal/list"
)

// A line in which a separator is missing has the value of another column in the imp_uid's place.
func TestLinesWithoutASeparatorAreInvalid(t *testing.T) {
	t.Parallel()
	const short = `stands in the imp_uid's column, and the line has `
	for _, test := range []golden{
		{
			name: "before the imp_uid", list: "주문\timp_uid\tpg\n1\timp_0\tkcp\n2 imp_1\tnice\n3\timp_2\tkcp\n",
			want: []string{"2 imp_0 kcp", `line 3: "nice" stands in the imp_uid's column, and "2 imp_1" in column 1`, "4 imp_2 kcp"},
		},
		{
			name: "glued", list: "pg,imp_uid,금액,이름\nkcp,imp_0,500,김\nniceimp_1,1000,이\nkcp,imp_2,1,박\n",
			want: []string{"2 imp_0 kcp", `line 3: "1000" stands in the imp_uid's column, and "niceimp_1" in column 1`, "4 imp_2 kcp"},
		},
		{
			name: "before the receipt's number", list: "이름,imp_uid,apply_num\n김,imp_0,3001\n이 imp_1,3002\n박,imp_2,3003\n",
			want: []string{"2 imp_0 3001", `line 3: "3002" stands in the imp_uid's column, and "이 imp_1" in column 1`, "4 imp_2 3003"},
		},
		{
			name: "another separator", list: "이름;imp_uid;pg\n김;imp_0;kcp\n이, imp_1;nice\n박;imp_2;kcp\n",
			want: []string{"2 imp_0 kcp", `line 3: "nice" stands in the imp_uid's column, and "이, imp_1" in column 1`, "4 imp_2 kcp"},
		},
		{
			name: "CP949", list: cp949("이름,imp_uid,방법\n김,imp_0,CARD\n이 imp_1,CASH\n"),
			want: []string{"2 imp_0", `line 3: "CASH" stands in the imp_uid's column, and "이 imp_1" in column 1`},
		},
		{
			name: "an imp_uid in a note", list: "no,imp_uid,메모\n3,imp_0,x\n4,CARD,imp_1 취소\n5,CARD,(IMP_2)\n",
			want: []string{
				"2 imp_0", `line 3: "CARD" stands in the imp_uid's column, and "imp_1 취소" in column 3`,
				`line 4: "CARD" stands in the imp_uid's column, and "(IMP_2)" in column 3`,
			},
		},
		{
			name: "no imp_uid", list: "no,imp_uid,금액\nA1,imp_0,500\nA2,1000\nA3,imp_710000000002\n",
			want: []string{"2 imp_0", `line 3: "1000" ` + short + "2 columns, not 3: a comma may be missing in it", "4 imp_710000000002"},
		},
		{
			name: "no imp_uid, and all lines but this end early", list: "no,imp_uid,금액,메모\nA1,imp_0,500\nA2,4482,600\nA3,1000\n",
			want: []string{"2 imp_0", `line 3: "4482" stands in the imp_uid's column, where others begin with imp_: it may be how many there are`, `line 4: "1000" ` + short + "2 columns, not 3: a comma may be missing in it"},
		},
		{
			name: "a short line of a list without imp_", list: "no,imp_uid,금액\nA1,4481,500\nA2,4482\n", want: []string{"2 4481", "3 4482"},
		},
		{
			name: "as wide as others, in a list without imp_", list: "no,imp_uid,메모\nA1,4481,500\nA2,4482,imp_1\n", want: []string{"2 4481", "3 4482"},
		},
		{
			name: "dressed in its place", list: "imp_uid,메모\nimp_0,x\n(imp_1),y\n",
			want: []string{"2 imp_0", `line 3: imp_uid "(imp_1)" contains '(', only A-Z a-z 0-9 _ and - are allowed`},
		},
	} {
		test.run(t)
	}
}

func TestGatewayIsNoImpUID(t *testing.T) {
	t.Parallel()
	const is = `stands in the imp_uid's place, and is the name of a gateway`
	for _, test := range []golden{
		{
			name: "a code", list: "pg,imp_uid\nkcp,imp_0\nimp,kcp\nkcp,html5_inicis\nkcp,NICE\n",
			want: []string{"2 imp_0 kcp", `line 3: "kcp" ` + is, `line 4: "html5_inicis" ` + is, `line 5: "NICE" ` + is},
		},
		{name: "of a list without imp_", list: "imp_uid\n4481\nkcp\n", want: []string{"2 4481", `line 3: "kcp" ` + is}},
		{name: "a bare column", list: "imp_0\nkcp\n", want: []string{"1 imp_0", `line 2: "kcp" ` + is}},
		{
			name: "JSON", list: `[{"imp_uid":"kcp","pg":"imp_1"},{"imp_uid":"imp_2"}]`, want: []string{`line 1: "kcp" ` + is, "1 imp_2"},
		},
		{name: "an order's number", list: "imp_uid\nkcp-1\nnice20261126\n", want: []string{"2 kcp-1", "3 nice20261126"}},
	} {
		test.run(t)
	}
}

func TestSheetWithAnImpUIDBesideItsColumn(t *testing.T) {
	t.Parallel()
	book := workbook(t, row(1, text("A1", "no"), text("B1", "imp_uid"), text("C1", "pg"))+
		row(2, text("A2", "1"), text("B2", "imp_0"), text("C2", "kcp"))+row(3, text("A3", "2 imp_1"), text("B3", "CASH"))+
		row(4, text("A4", "3"), text("B4", "4482")))
	want := []string{"2 imp_0 kcp", `line 3: "CASH" stands in the imp_uid's column, and "2 imp_1" in column 1`, `line 4: "4482" stands in the imp_uid's column, where others begin with imp_: it may be how many there are`}
	if diff := cmp.Diff(want, read(t, bytes.NewReader(book), list.Options{})); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
}
