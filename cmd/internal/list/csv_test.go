package list_test

import (
	"strings"
	"testing"

	"receiptrevoker/cmd/internal/list"
	"receiptrevoker/tasks"
)

func TestCSV(t *testing.T) {
	t.Parallel()
	tooLong := "imp_" + strings.Repeat("1", 29)
	reason := strings.TrimPrefix(tasks.ValidateImpUID(tooLong).Error(), "invalid revocation: ")
	for _, test := range []golden{
		{
			name: "CRLF, LF and no line break at the end", list: "imp_uid\r\nimp_1\nimp_2\r\nimp_3",
			want: []string{"2 imp_1", "3 imp_2", "4 imp_3"},
		},
		{
			name: "blank and empty lines are skipped and counted",
			list: "\r\n \n,,\nimp_uid,pg\n\n  \t\nimp_1,\n,\n , \nimp_2,\n\n",
			want: []string{"7 imp_1", "10 imp_2"},
		},
		{name: "values are trimmed", list: "imp_uid,pg\n imp_1\t, kcp \n", want: []string{"2 imp_1 kcp"}},
		{name: "header alone is no row", list: "imp_uid,pg\n", want: nil},
		{name: "semicolons", list: "no;imp_uid;pg\n1;imp_1;kcp\n\"2;3\";imp_2;\n", want: []string{"2 imp_1 kcp", "3 imp_2"}},
		{name: "tabs, with an empty first column", list: "\timp_uid\tpg\n\timp_1\tkcp\n", want: []string{"2 imp_1 kcp"}},
		{name: "a comma within quotes separates nothing", list: "\"금액, 원\";imp_uid\n1,0;imp_1\n", want: []string{"2 imp_1"}},
		{
			name: "bare imp_uids", list: "imp_448280090638\n\nimps_2\nimp 3\nimp_uid\n", opts: list.Options{PG: tasks.KCP},
			want: []string{
				"1 imp_448280090638 kcp", "3 imps_2 kcp",
				`line 4: imp_uid "imp 3" contains ' ', only A-Z a-z 0-9 _ and - are allowed`,
				"line 5: the header stands here again",
			},
		},
		{
			name: "gateways by code and name, unknown ones as they are, none from the options",
			list: "imp_uid,PG사\nimp_1,KCP\nimp_2,(신) 나이스페이\nimp_3,kg inicis\nimp_4,newpg\nimp_5,\nimp_710000000006\n",
			opts: list.Options{PG: tasks.Daou},
			want: []string{
				"2 imp_1 kcp", "3 imp_2 nice_v2", "4 imp_3 html5_inicis", "5 imp_4 newpg", "6 imp_5 daou",
				"7 imp_710000000006 daou",
			},
		},
		{
			name: "fewer and more fields than the header", list: "no,imp_uid,pg\n1,imp_1\n2,imp_2,kcp,,\n3\n4,imp_4\n",
			want: []string{"2 imp_1", "3 imp_2 kcp", "line 4: the line has 1 columns, the imp_uid's is column 2", "5 imp_4"},
		},
		{
			name: "a summary line is reported", list: "no,imp_uid,pg,sum\n1,imp_1,,5\n,,합계,5\n",
			want: []string{"2 imp_1", "line 3: the line looks like a row of totals"},
		},
		{
			name: "the header again, as in lists put together", list: "imp_uid,pg\nimp_1,kcp\nimp_uid,pg\nimp_2,kcp\n",
			want: []string{"2 imp_1 kcp", "line 3: the header stands here again", "4 imp_2 kcp"},
		},
		{
			name: "an imp_uid that is too long", list: "imp_uid\n" + tooLong + "\nimp_1\n",
			want: []string{"line 2: " + reason, "3 imp_1"},
		},
	} {
		test.run(t)
	}
}

func TestQuotes(t *testing.T) {
	t.Parallel()
	const open = "a quote is opened here and not closed"
	for _, test := range []golden{
		{
			name: "separators, quotes and line breaks in quotes",
			list: "memo,imp_uid\n\"a, \"\"b\"\"\r\n\r\n,c\",imp_1\n\"\",\"imp_2\"\n\"\n\",imp_3\nx,imp_4",
			want: []string{"2 imp_1", "5 imp_2", "6 imp_3", "8 imp_4"},
		},
		{name: "line breaks in the header", list: "\"주문\n번호\",imp_uid\n1,imp_1\n", want: []string{"3 imp_1"}},
		{
			name: "quotes within a field are text", list: "memo,imp_uid\n24\" monitor,imp_1\nthe \"best\",imp_2\n \"x\",imp_3\n",
			want: []string{"2 imp_1", "3 imp_2", "4 imp_3"},
		},
		{
			name: "a quote never closed costs one line", list: "memo,imp_uid\na,imp_1\n\"b,imp_2\nc,imp_3\nd,imp_4\n",
			want: []string{"2 imp_1", "line 3: " + open, "4 imp_3", "5 imp_4"},
		},
		{
			name: "a quote closed by the next quoted field only",
			list: "memo,imp_uid\n\"b,imp_2\nc,imp_3\n\"d, e\",imp_4\n\"f\",imp_5\n",
			want: []string{"line 2: " + open, "3 imp_3", "4 imp_4", "5 imp_5"},
		},
		{
			name: "a quote never closed on the last line", list: "imp_uid,memo\nimp_1,a\nimp_2,\"b",
			want: []string{"2 imp_1", "line 3: " + open},
		},
		{
			name: "text after a closing quote", list: "memo,imp_uid\n\"24\" monitor\",imp_1\nx,imp_2\n",
			want: []string{`line 2: text follows a closing quote; a " inside quotes is written ""`, "3 imp_2"},
		},
	} {
		test.run(t)
	}
}
