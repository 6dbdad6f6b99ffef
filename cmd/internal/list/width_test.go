package list_test

import (
	"bytes"
	"testing"

	"receiptrevoker/cmd/internal/list"

	"github.com/google/go-cmp/cmp"
)

// A value with a separator in it and no quotes around it moves all cells to the right of it.
func TestRowsWiderThanTheHeaderAreInvalid(t *testing.T) {
	t.Parallel()
	const comma = ": a value that contains a comma must be in quotes"
	for _, test := range []golden{
		{
			name: "amounts with thousands separators", list: "주문번호,금액,imp_uid,구매자\nA1,1,000,imp_1,김철수\nA2,500,imp_2,이영희\nA3,12,300,imp_3,박\n",
			want: []string{"line 2: the line has 5 columns, not 4" + comma, "3 imp_2", "line 4: the line has 5 columns, not 4" + comma},
		},
		{
			name: "a name with a comma", list: "name,imp_uid\nKim, Co,imp_1\nLee,imp_2\n",
			want: []string{"line 2: the line has 3 columns, not 2" + comma, "3 imp_2"},
		},
		{
			name: "the only row", list: "name,imp_uid,pg\nKim, Co,imp_1,kcp\n",
			want: []string{"line 2: the line has 4 columns, not 3" + comma},
		},
		{
			name: "the other imp_uid of a row moves into the column", list: "name,old,imp_uid\nLee,imp_1,imp_2\nKim, Co,imp_3,imp_4\n",
			want: []string{"2 imp_2", "line 3: the line has 4 columns, not 3" + comma},
		},
		{
			name: "to the right of the imp_uid", list: "imp_uid,pg,memo\nimp_1,kcp,a\nimp_2,kcp,a, b\n",
			want: []string{"2 imp_1 kcp", "line 3: the line has 4 columns, not 3" + comma},
		},
		{
			name: "semicolons", list: "name;imp_uid\nLee;imp_1\nKim; Co;imp_2\n",
			want: []string{"2 imp_1", "line 3: the line has 3 columns, not 2: a value that contains a semicolon must be in quotes"},
		},
		{
			name: "the last value is missing", list: "no,sum,imp_uid,memo\n1,500,imp_1,\n2,1,000,imp_2,\n3,500,imp_3,x\n4,1,000,imp_4\n",
			want: []string{
				"2 imp_1", `line 3: "000" stands in the imp_uid's column, and "imp_2" in column 4`, "4 imp_3",
				`line 5: "000" stands in the imp_uid's column, and "imp_4" in column 4`,
			},
		},
		{
			name: "a name with a comma and no memo", list: "name,imp_uid,memo\nLee,imp_1,\nKim, Co,imp_2,\n김, 이,imp_3,\n",
			want: []string{
				"2 imp_1", `line 3: "Co" stands in the imp_uid's column, and "imp_2" in column 3`,
				`line 4: "이" stands in the imp_uid's column, and "imp_3" in column 3`,
			},
		},
		{
			name: "every row as wide as the spreadsheet", list: "no,sum,imp_uid,,\n1,500,imp_1,,\n2,1,000,imp_2,,\n3,500,imp_3,x,\n4,5,imp_4,x,y\n",
			want: []string{"2 imp_1", "line 3: the line has 4 columns, not 3" + comma, "4 imp_3", "5 imp_4"},
		},
		{name: "trailing separators", list: "imp_uid,pg\nimp_1000000001,kcp\nimp_2,kcp,\nimp_3,kcp, ,,\n", want: []string{"2 imp_1000000001 kcp", "3 imp_2 kcp", "4 imp_3 kcp"}},
		{
			name: "columns without names", list: "imp_uid,pg\nimp_1,kcp,a\nimp_2,kcp,b\nimp_3000000001,kcp\nimp_4,kcp,c,d\n",
			want: []string{"2 imp_1 kcp", "3 imp_2 kcp", "4 imp_3000000001 kcp", "line 5: the line has 4 columns, not 3" + comma},
		},
		{
			name: "a title with the column's name", list: "imp_uid 환불\nno,sum,imp_uid\n1,2,imp_1\n", want: []string{"3 imp_1"},
		},
		{
			name: "two imp_uids a row and one name", list: "imp_uid\nimp_1,imp_2\nimp_3,imp_4\n",
			want: []string{"line 2: the line has 2 columns, not 1" + comma, "line 3: the line has 2 columns, not 1" + comma},
		},
		{
			name: "bare imp_uids", list: "imp_1\nimp_2,imp_3\nimp_4,\n",
			want: []string{"1 imp_1", "line 2: the line has 2 columns, not 1" + comma, "3 imp_4"},
		},
		{
			name: "another header below", list: "imp_uid,pg\nimp_1,kcp\nno,imp_uid,pg\n1,imp_2,kcp\n2,3,imp_3,kcp\nimp_uid,pg\nimp_4,kcp,x\n",
			want: []string{
				"2 imp_1 kcp", "line 3: another header stands here: the lines after it are read by its columns", "4 imp_2 kcp",
				"line 5: the line has 4 columns, not 3" + comma,
				"line 6: another header stands here: the lines after it are read by its columns",
				"line 7: the line has 3 columns, not 2" + comma,
			},
		},
		{
			name: "the same columns and one more", list: "imp_uid,pg\nimp_1,kcp\nimp_uid,pg,memo\nimp_2,kcp,a\n",
			want: []string{"2 imp_1 kcp", "line 3: the header stands here again", "4 imp_2 kcp"},
		},
		{
			name: "two lists put together without a line end", list: "imp_uid,pg\nimp_1,kcp\nimp_2,kcpimp_uid,pg\nimp_3,kcp\nimp_4,kcpimp_5,kcp\n",
			want: []string{
				"2 imp_1 kcp", "line 3: the line has 3 columns, not 2: a line end is missing in it", "4 imp_3 kcp",
				"line 5: the line has 3 columns, not 2: a line end is missing in it",
			},
		},
		{
			name: "all rows, and the receipt's number to the right", list: "imp_uid,금액,apply_num\nimp_1,12,000,30012345\nimp_2,5,500,30012346\n",
			want: []string{"line 2: the line has 4 columns, not 3" + comma, "line 3: the line has 4 columns, not 3" + comma},
		},
		{
			name: "all rows, and the sub-merchant to the right", list: "imp_uid,구매자,tier\nimp_1,Kim, Co,ABC\n",
			want: []string{"line 2: the line has 4 columns, not 3" + comma},
		},
		{
			name: "all rows, and another imp_uid to the right", list: "상점,이전 결제,imp_uid,메모\n가, 나,imp_1,imp_2,m\n",
			want: []string{"line 2: the line has 5 columns, not 4" + comma},
		},
		{
			name: "all rows, and an imp_uid to the right that is none of the header's", list: "imp_uid,pg\nimp_1,kcp,imp_2,x\n",
			want: []string{"line 2: the line has 4 columns, not 2" + comma},
		},
		{
			name: "all rows, and the receipt's number where nothing can have moved it", list: "apply_num,imp_uid,tier,pg\n3001,imp_1,ABC,kcp,x\n",
			want: []string{"2 imp_1 kcp 3001 ABC"},
		},
		{
			name: "all rows but one, and the receipt's number to the right", list: "imp_uid,금액,apply_num\nimp_1,12,000,3001\nimp_2,500,3002\nimp_3,5,500,3003\n",
			want: []string{"line 2: the line has 4 columns, not 3" + comma, "3 imp_2 3002", "line 4: the line has 4 columns, not 3" + comma},
		},
		{
			name: "a wrong column is for a person to judge", list: "order,imp_uid\nA-1,imp_1\nA-2,imp_2\n", opts: list.Options{Column: "order"},
			want: []string{"2 A-1", "3 A-2"},
		},
		{
			name: "a mark in another column", list: "imp_uid,old\nimp_1,\nX-2,\nX-3,imp_3\nNULL,imp_4\nimp_5,\n",
			want: []string{
				"2 imp_1", "3 X-2", `line 4: "X-3" stands in the imp_uid's column, and "imp_3" in column 2`,
				`line 5: imp_uid "NULL" stands for no value`, "6 imp_5",
			},
		},
	} {
		test.run(t)
	}
}

func TestColumnsWithoutANameAreNoted(t *testing.T) {
	t.Parallel()
	for _, test := range []noted{
		{
			name: "all rows are wider", list: "환불\nimp_uid,pg\nimp_1,kcp,a\nimp_2,nice,b\n", want: []string{"3 imp_1 kcp", "4 imp_2 nice"},
			notes: []string{`1 above the header, not read: "환불"`, "2 the header has 2 columns, the lines have 3: what has no name is not read"},
		},
		{name: "as wide as the header's separators", list: "imp_uid,pg,,\nimp_1,kcp,a,b\n", want: []string{"2 imp_1 kcp"}},
	} {
		test.run(t)
	}
}

// No cell of a sheet is moved, but one may have been where a CSV was opened in Excel.
func TestRowsOfASheetMayBeWiderThanItsHeader(t *testing.T) {
	t.Parallel()
	book := workbook(t, row(1, text("A1", "imp_uid"), text("B1", "pg"))+row(2, text("A2", "imp_1"), text("B2", "kcp"))+
		row(3, text("A3", "imp_2"), text("D3", "확인"))+row(4, text("A4", "12"), text("B4", "imp_3")))
	want := []string{"2 imp_1 kcp", "3 imp_2", `line 4: "12" stands in the imp_uid's column, and "imp_3" in column 2`}
	if diff := cmp.Diff(want, read(t, bytes.NewReader(book), list.Options{})); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
}
