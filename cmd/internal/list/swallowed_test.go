package list_test

import (
	"strings"
	"testing"

	"golang.org/x/text/encoding/unicode"
)

const openQuote = "a quote is opened here and not closed"

// Two quotes that do not belong together make one cell of all lines between them. What looks
// like rows of the list is read as rows.
func TestStrayQuotesSwallowNoRows(t *testing.T) {
	t.Parallel()
	inches := "imp_uid,memo\nimp_1,\"급함\nimp_2,일반\nimp_3,모니터 27\"\nimp_4,x\n"
	found := []string{"line 2: " + openQuote, "3 imp_2", "4 imp_3", "5 imp_4"}
	for _, test := range []golden{
		{name: "a quote and inches", list: inches, want: found},
		{name: "CRLF", list: strings.ReplaceAll(inches, "\n", "\r\n"), want: found},
		{name: "CR", list: strings.ReplaceAll(inches, "\n", "\r"), want: found},
		{name: "tabs", list: strings.ReplaceAll(inches, ",", "\t"), want: found},
		{name: "CP949", list: cp949(inches), want: found},
		{name: "UTF-16", list: utf16(inches, unicode.LittleEndian), want: found},
		{name: "two lines alone", list: "imp_uid,memo\nimp_1,\"a\nimp_2,b\"\n", want: []string{"line 2: " + openQuote, "3 imp_2"}},
		{
			name: "a memo before the imp_uid", list: "memo,imp_uid,pg\n\"급함,imp_1,kcp\n일반,imp_2,kcp\n27\",imp_3,kcp\nx,imp_4,nice\n",
			want: []string{"line 2: " + openQuote, "3 imp_2 kcp", "4 imp_3 kcp", "5 imp_4 nice"},
		},
		{
			name: "ditto marks before the imp_uid", list: "상품,imp_uid,pg\n사과,imp_1,kcp\n\",imp_2,kcp\n\",imp_3,kcp\n배,imp_4,kcp\n",
			want: []string{"2 imp_1 kcp", "line 3: " + openQuote, "line 4: " + openQuote, "5 imp_4 kcp"},
		},
		{
			name: "ditto marks after the imp_uid", list: "imp_uid,상품\nimp_1,사과\nimp_2,\"\nimp_3,\"\nimp_4,배\nimp_5,\"\n",
			want: []string{"2 imp_1", "line 3: " + openQuote, "line 4: " + openQuote, "5 imp_4", "line 6: " + openQuote},
		},
		{
			name: "a ditto mark below a quote", list: "no,imp_uid,상품\n1,imp_1,\"x\n\",imp_2,x\n3,imp_3,x\n",
			want: []string{"line 2: " + openQuote, "line 3: " + openQuote, "4 imp_3"},
		},
		{
			name: "fewer columns than the header", list: "imp_uid,memo,pg,note\nimp_1,\"a,kcp\nimp_2,b\",kcp\nimp_3,c,kcp\nimp_4,d,kcp\n",
			want: []string{"line 2: " + openQuote, "3 imp_2 kcp", "4 imp_3 kcp", "5 imp_4 kcp"},
		},
		{
			name: "a quote in the middle of a row", list: "imp_uid,상품,pg\nimp_1,\",kcp\nimp_2,a,kcp\nimp_3,\",kcp\nimp_4,y,kcp\n",
			want: []string{"line 2: " + openQuote, "3 imp_2 kcp", "line 4: " + openQuote, "5 imp_4 kcp"},
		},
		{
			name: "an empty quoted cell between", list: "imp_uid,memo\nimp_1,\"a\nimp_2,\"\"\nimp_3,27\"\n",
			want: []string{"line 2: " + openQuote, "3 imp_2", "4 imp_3"},
		},
		{
			name: "one column", list: "imp_uid\n\"imp_1\nimp_2\nimp_3\"\nimp_4\n", want: []string{
				"line 2: " + openQuote, "3 imp_2", `line 4: imp_uid "imp_3\"" contains '"', only A-Z a-z 0-9 _ and - are allowed`, "5 imp_4",
			},
		},
		{
			name: "bare imp_uids", list: "imp_0\n\"imp_1\nimp_2\n\"\nimp_4\n", want: []string{
				"1 imp_0", "line 2: " + openQuote, "3 imp_2", "line 4: " + openQuote, "5 imp_4",
			},
		},
		{
			name: "dressed imp_uids", list: "imp_uid,memo\nimp_1,\"급함\n(imp_2),일반\n※imp_3,b\n[imp_4],27\"\nimp_5,x\n", want: []string{
				"line 2: " + openQuote, `line 3: imp_uid "(imp_2)" contains '(', only A-Z a-z 0-9 _ and - are allowed`,
				`line 4: imp_uid "※imp_3" contains '※', only A-Z a-z 0-9 _ and - are allowed`,
				`line 5: imp_uid "[imp_4]" contains '[', only A-Z a-z 0-9 _ and - are allowed`, "6 imp_5",
			},
		},
		{
			name: "dressed imp_uids in CP949", list: cp949("imp_uid;메모\nimp_1;\"급함\n※imp_2;일반\"\nimp_3;x\n"), want: []string{
				"line 2: " + openQuote, `line 3: imp_uid "※imp_2" contains '※', only A-Z a-z 0-9 _ and - are allowed`, "4 imp_3",
			},
		},
		{
			name: "imp_uids without imp_", list: "imp_uid,memo\nimp_1,\"급함\n448280090600,일반\n4482800906012,27\"\nimp_2,x\n",
			want: []string{"line 2: " + openQuote, "3 448280090600", "4 4482800906012", "5 imp_2"},
		},
		{
			name: "below another header", list: "imp_uid,memo\nimp_1,a\nno,imp_uid,memo\n1,imp_2,\"a\n2,imp_3,27\"\n",
			want: []string{
				"2 imp_1", "line 3: another header stands here: the lines after it are read by its columns",
				"line 4: " + openQuote, "5 imp_3",
			},
		},
		{
			name: "beyond 64 KiB", list: "imp_uid,memo\nimp_0,\"a\n" + strings.Repeat("imp_1,b\n", 10_000) + "imp_2,27\"\n",
			want: append(append([]string{"line 2: " + openQuote}, numbered(3, strings.Split(strings.Repeat("imp_1\n", 10_000), "\n")[:10_000]...)...),
				"10003 imp_2"),
		},
	} {
		test.run(t)
	}
}

func TestCellsOverSeveralLinesAreRead(t *testing.T) {
	t.Parallel()
	for _, test := range []golden{
		{
			name: "an address", list: "imp_uid,주소,pg\nimp_1,\"서울시 강남구\n테헤란로 1, 302호\",kcp\nimp_2,\"부산시\n\n해운대\",nice\n",
			want: []string{"2 imp_1 kcp", "4 imp_2 nice"},
		},
		{
			name: "an address with numbers", list: "imp_uid,주소\nimp_1,\"서울시\n06234,테헤란로\n01012345678,김\"\nimp_2,x\n", want: []string{"2 imp_1", "5 imp_2"},
		},
		{
			name: "an address before the imp_uid", list: "주소,imp_uid,pg\n\"서울시\n302호\",imp_1,kcp\n\"부산시\n해운대\",imp_2,nice\n",
			want: []string{"2 imp_1 kcp", "4 imp_2 nice"},
		},
		{
			name: "imp_uids in sentences", list: "imp_uid,memo\nimp_1,\"원거래: imp_8\n재발급\"\nimp_2,\"보라\nimp_8 대신\"\n" +
				"imp_3,\"두 건\nimp_8, 그리고 imp_9\"\nimp_4,\"imp_8,\nimp_9\"\n",
			want: []string{"2 imp_1", "4 imp_2", "6 imp_3", "8 imp_4"},
		},
		{
			name: "imp_uids in sentences before the imp_uid", list: "memo,imp_uid\n\"원거래, imp_8\n재발급\",imp_1\n\"두 건\n원거래, imp_8\",imp_2\n",
			want: []string{"2 imp_1", "4 imp_2"},
		},
		{
			name: "an imp_uid on a line of its own", list: "imp_uid,memo,pg\nimp_1,\"원거래\nimp_8\n재발급\",kcp\n", want: []string{"2 imp_1 kcp"},
		},
		{
			name: "more than 64 KiB", list: "imp_uid,memo,pg\nimp_1,\"" + strings.Repeat("줄\n", 30_000) + "\",kcp\nimp_2,x,kcp\n",
			want: []string{"2 imp_1 kcp", "30003 imp_2 kcp"},
		},
		{
			name: "more than 1 MiB", list: "memo,imp_uid\n\"" + strings.Repeat("x", 1<<20-10) + "\nyyyyyyyyyyyy\",imp_1\nz,imp_2\n",
			want: []string{"line 2: " + openQuote, "3 imp_1", "4 imp_2"},
		},
	} {
		test.run(t)
	}
}
