package list_test

import (
	"fmt"
	"strings"
	"testing"

	"receiptrevoker/cmd/internal/list"
	"receiptrevoker/tasks"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"
)

// noted is a list, what is read from it, and what is noted: "LINE TEXT".
type noted struct {
	name, list  string
	want, notes []string
}

func (n noted) run(t *testing.T) {
	t.Run(n.name, func(t *testing.T) {
		t.Parallel()
		reader, err := list.NewReader(strings.NewReader(n.list), list.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(n.want, rest(t, reader)); diff != "" {
			t.Errorf("read (-want +got):\n%s", diff)
		}
		var notes []string
		for _, note := range reader.Notes() {
			notes = append(notes, fmt.Sprint(note.Line, " ", note.Text))
		}
		if diff := cmp.Diff(n.notes, notes); diff != "" {
			t.Errorf("notes (-want +got):\n%s", diff)
		}
	})
}

func TestLineEnds(t *testing.T) {
	t.Parallel()
	const odd = " the line ends in CR alone, unlike those before: what follows was read as the next line"
	for _, test := range []noted{
		{
			name: "CR alone", list: "imp_uid,pg\rimp_1,kcp\r\rimp_2,\"k\rcp\"\rimp_3,kcp",
			want: []string{"2 imp_1 kcp", "4 imp_2 kcp", "6 imp_3 kcp"},
		},
		{
			name: "a CR among LFs is noted once", list: "imp_uid,pg\nimp_1,kcp\rimp_2,kcp\nimp_3,kcp\rimp_4,kcp\n",
			want:  []string{"2 imp_1 kcp", "3 imp_2 kcp", "4 imp_3 kcp", "5 imp_4 kcp"},
			notes: []string{"2" + odd},
		},
		{
			name: "an LF among CRs", list: "imp_uid\rimp_1\nimp_2\r", want: []string{"2 imp_1", "3 imp_2"},
			notes: []string{"2 the line ends in LF, those before in CR alone"},
		},
		{
			name: "CR CR LF is an empty line", list: "imp_uid\r\r\nimp_1\r\r\nimp_2\r\r\n", want: []string{"3 imp_1", "5 imp_2"},
			notes: []string{"2 the line ends in LF, those before in CR alone"},
		},
		{
			name: "CRs within quotes are text, and count as lines", list: "memo,imp_uid\r\n\"a\rb\",imp_1\r\n\"\r\",imp_2\r\n",
			want: []string{"2 imp_1", "4 imp_2"},
		},
		{
			name: "an open quote costs one line", list: "memo,imp_uid\ra,imp_1\r\"b,imp_2\rc,imp_3\r",
			want: []string{"2 imp_1", "line 3: a quote is opened here and not closed", "4 imp_3"},
		},
		{
			name: "a long line costs one line", list: "imp_uid\rimp_1\r" + strings.Repeat("x", 1<<20-1) + "\rimp_2\r" +
				strings.Repeat("x", 1<<20-1) + "\r\nimp_3\r" + strings.Repeat("x", 3<<20) + "\rimp_4",
			want: []string{
				"2 imp_1", "line 3 is longer than 1 MiB", "4 imp_2", "line 5 is longer than 1 MiB", "6 imp_3",
				"line 7 is longer than 1 MiB", "8 imp_4",
			},
		},
		{name: "a Ctrl-Z at the end of a text of DOS", list: "imp_uid\r\nimp_1\r\n\x1A", want: []string{"2 imp_1"}},
		{name: "the same without a line end before it", list: "imp_uid\r\nimp_1\x1A", want: []string{"2 imp_1"}},
		{
			name: "the same in the middle, as where files are put together", list: "imp_uid,x\nimp_1,1\n\x1Aimp_uid,x\nimp_2,2\n\x1A\x1A\n",
			want: []string{"2 imp_1", "line 3: the header stands here again", "4 imp_2"},
		},
		{
			name: "an odd end among empty lines is noted", list: "imp_uid\nimp_1\n\n\n\r\n\n\r\r\n \nimp_2\n", want: []string{"2 imp_1", "10 imp_2"},
			notes: []string{"7" + odd},
		},
		{
			name: "bare imp_uids", list: "imp_1\rimp_2\n\rimp_3", want: []string{"1 imp_1", "2 imp_2", "4 imp_3"},
			notes: []string{"2 the line ends in LF, those before in CR alone"},
		},
		{
			name: "NDJSON", list: "{\"imp_uid\":\"imp_1\"}\r{\"imp_uid\":\"imp_2\"}\r", want: []string{"1 imp_1", "2 imp_2"},
		},
	} {
		test.run(t)
	}
}

func TestSeparatorIsThatOfTheImpUIDsColumn(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"comma in a header of tabs":            "주문번호\t금액, 원\timp_uid\n1\t2\timp_1\n",
		"comma in a header of semicolons":      "금액, 원;imp_uid;pg\n1;imp_1;\n",
		"comma beside the imp_uid":             "비고, 메모|imp_uid\n1|imp_1\n",
		"two names with commas":                "a,b;imp_uid;c,d\n1;imp_1;\n",
		"name that contains it, tabs":          "no\tV1 거래번호(imp_uid)\tpg\n1\timp_1\t\n",
		"name with another separator in it":    "\"imp|uid\"\timp_uid\nx\timp_1\n",
		"sep= line":                            "sep=;\nimp_uid;pg\nimp_1;\n",
		"sep= line, upper case and mark":       "\uFEFFSEP=;\r\nimp_uid;pg\r\nimp_1;\r\n",
		"sep= line in quotes":                  "\"sep=;\"\nimp_uid;pg\nimp_1;\n",
		"sep= line that came back from Excel":  "sep=|,,\nimp_uid|pg\nimp_1|\n",
		"sep= line that is wrong":              "sep=,\nimp_uid;pg\nimp_1;\n",
		"sep= line above a single column":      "sep=;\nimp_uid\nimp_1\n",
		"sep= line above a bare list":          "sep=,\nimp_1\n",
		"CR alone after the sep= line":         "sep=;\rimp_uid;pg\rimp_1;\r",
		"separators outnumber it in the title": "a;b;c;d\nimp_uid,pg\nimp_1,\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := read(t, strings.NewReader(text), list.Options{})
			if len(got) != 1 || !strings.HasSuffix(got[0], " imp_1") {
				t.Errorf("read %q, want imp_1", got)
			}
		})
	}
}

func TestRowsAboveTheHeaderAreNoted(t *testing.T) {
	t.Parallel()
	const above = " above the header, not read: "
	for _, test := range []noted{
		{
			name: "title, period, empty row", list: "환불 목록 (2026-11),,\n조회기간,2026-11-01 ~ 2026-11-30,\n,,\nimp_uid,PG사,금액\nimp_1,kcp,1\n",
			want: []string{"5 imp_1 kcp"}, notes: []string{"1" + above + `"환불 목록 (2026-11),,"`, "2" + above + `"조회기간,2026-11-01 ~ 2026-11-30,"`},
		},
		{
			name: "sep= line", list: "sep=;\nimp_uid;pg\nimp_1;kcp\n", want: []string{"3 imp_1 kcp"},
			notes: []string{"1 \"sep=;\" says what separates the columns: it is not part of the list"},
		},
		{
			name: "a title with the column's name in it", list: "imp_uid 환불 목록,,\n\n거래고유번호(imp_uid),PG사,금액\nimp_1,kcp,1\n",
			want: []string{"4 imp_1 kcp"}, notes: []string{"1" + above + `"imp_uid 환불 목록,,"`},
		},
		{
			name: "29 of them", list: strings.Repeat("x\n", 29) + "imp_uid,pg\nimp_1,kcp\n", want: []string{"31 imp_1 kcp"},
			notes: numbered(1, strings.Split(strings.Repeat("above the header, not read: \"x\"\n", 29), "\n")[:29]...),
		},
		{
			name: "an open quote above", list: "\"환불 목록\nimp_uid,pg\nimp_1,kcp\n", want: []string{"3 imp_1 kcp"},
			notes: []string{"1" + above + `"\"환불 목록"`},
		},
	} {
		test.run(t)
	}
}

func TestHeaderIsSearchedAboveThePaymentsAlone(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ list, want string }{
		"payments before any header": {
			"환불 목록,\nA-1,imp_1\nno,imp_uid\nA-2,imp_2\n",
			"line 2: the list has no header, its first line is \"A-1\", \"imp_1\": " +
				"put the columns' names above it, with imp_uid or what --column NAME says for the payment",
		},
		"a header below 30 rows": {strings.Repeat("x\n", 30) + "imp_uid,pg\nimp_1,\n", "line 1: no column is named imp_uid"},
		"an unknown name below a title": {
			"환불 목록,,\n주문번호,결제번호,금액\n1,imp_1,2\n", "line 2: no column is named imp_uid, impUid, ",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := list.NewReader(strings.NewReader(test.list), list.Options{})
			if err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("NewReader: %v, want %s…", err, test.want)
			}
		})
	}
}

func TestNamesOfColumns(t *testing.T) {
	t.Parallel()
	for column, names := range map[string][]string{
		"imp_uid": {
			"IMP_UID", "imp uid", "imp-uid", "ImpUID", "impuid", "\u200Bimp_uid\u00A0", "V1 포트원 거래번호(imp_uid)",
			"거래고유번호(imp_uid)", "거래고유번호\n(imp_uid)", "imp_uid(필수)", "포트원  거래고유번호", "포트원\n거래고유번호", "포트원\u00A0거래고유번호",
			"아임포트거래고유번호", "포트원 거래번호", "아임포트 거래번호", "거래 고유번호", "거래고유번호 (필수)", "payment.imp_uid", "V1 포트원 거래번호",
			norm.NFD.String("아임포트 거래번호"),
		},
		"pg": {
			"PG", "pg provider", "PG_PROVIDER", "pgProvider", "PG 사", "pg사", "결제대행사", norm.NFD.String("결제대행사"), "PG사 (코드)", "PG사명", "PG사 코드", "PG코드", "결제대행사명", norm.NFD.String("결제대행사명"), "pg_name", "PG 명", "결제대행사(PG)",
		},
		"apply_num": {
			"applyNum", "APPLY NUM", "현금영수증 승인번호", "현금영수증승인번호", "현금영수증\n승인번호", norm.NFD.String("현금영수증 승인번호"),
			"국세청 승인번호", "현금영수증 정보 번호", norm.NFD.String("현금영수증승인번호"), "현금영수증승인번호 (선택)", "승인번호(현금영수증)", "승인번호 (국세청)", "영수증 승인번호",
		},
		"tier": {"Tier", "TIER", "tier_code", "Tier Code", "tierCode"},
		"": {
			"merchant_uid", "승인번호", "거래번호", "거래고유번호(KCP)", "포트원 거래번호(V2)", "merchant_uid(imp_uid)", "old_imp_uid", "imp_uids",
			"pg_tid", "카드 승인번호", "현금영수증 번호", norm.NFD.String("현금영수증번호"), "현금영수증번호 (선택)", "apply_number", "tiers", "customer tier", "등급",
		},
	} {
		for _, name := range names {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				header := []string{"imp_uid", "pg", "apply_num", "tier"}
				at := -1
				for i, known := range header {
					if column == known {
						at = i
						header[i] = `"` + name + `"`
					}
				}
				if at < 0 {
					header = append(header, `"`+name+`"`)
				}
				text := strings.Join(header, ",") + "\n" + strings.Join([]string{"imp_1", "kcp", "N1", "A01", "x"}[:len(header)], ",") + "\n"
				got := read(t, strings.NewReader(text), list.Options{})
				if diff := cmp.Diff([]string{fmt.Sprint(2+strings.Count(name, "\n"), " imp_1 kcp N1 A01")}, got); diff != "" {
					t.Errorf("read (-want +got):\n%s", diff)
				}
				if column != "" {
					return
				}
				if _, err := list.NewReader(strings.NewReader(`no,"`+name+"\"\n1,imp_1\n"), list.Options{}); err == nil {
					t.Errorf("%s is taken for the column of the imp_uid", name)
				}
			})
		}
	}
}

func TestCells(t *testing.T) {
	t.Parallel()
	for _, cell := range []string{
		`="imp_1"`, `"=""imp_1"""`, "'imp_1", "'imp_1'", "\u200Bimp_1", "imp_1\uFEFF", "\u00A0imp_1\u3000", "\u2060\u200Dimp_1\u200C",
		` = `, "\u202Aimp_1\u202C", "\" imp_1\n\"", `=" imp_1"`, `'="imp_1"`,
	} {
		want := []string{"2 imp_1 kcp N1"}
		if cell == ` = ` {
			cell, want = `=imp_1`, []string{`line 2: imp_uid "=imp_1" contains '=', only A-Z a-z 0-9 _ and - are allowed`}
		}
		t.Run(cell, func(t *testing.T) {
			t.Parallel()
			text := "imp_uid,pg,apply_num\n" + cell
			if strings.Contains(cell, "imp_1") && !strings.HasPrefix(cell, "=imp") {
				text += "," + strings.ReplaceAll(cell, "imp_1", "kcp") + "," + strings.ReplaceAll(cell, "imp_1", "N1")
			}
			if diff := cmp.Diff(want, read(t, strings.NewReader(text+"\n"), list.Options{})); diff != "" {
				t.Errorf("read (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTotalsAreNoPayments(t *testing.T) {
	t.Parallel()
	for _, row := range []string{
		"합계,,\"1,000\"", "Total,,1", "TOTAL:,,1", ",,총계", "소계,,1", "계,,", "\"총 3건\",,", "합계(3건)", "합 계,,1", "총건수: 3,,",
		"Grand Total,,1", "합계,3,1000", ",합계,1000", ",Total,", ",총 3건,", norm.NFD.String("합계") + ",,1",
	} {
		golden{
			name: row, list: "no,imp_uid,sum\n" + row + "\n1,imp_1,2\n",
			want: []string{"line 2: the line looks like a row of totals", "3 imp_1"},
		}.run(t)
	}
	for _, row := range []string{"x,123456789012", "x,imp_total", "x,Totally", "계약,1", "x,sum-1", "1,NULL1"} {
		_, impUID, _ := strings.Cut(row, ",")
		golden{name: row, list: "no,imp_uid\n" + row + "\n", want: []string{"2 " + impUID}}.run(t)
	}
}

func TestFilesPutTogether(t *testing.T) {
	t.Parallel()
	const mark = " a byte-order mark stands here, as where files are put together"
	const other = "another header stands here: the lines after it are read by its columns"
	for _, test := range []noted{
		{
			name: "with marks", list: "\uFEFFimp_uid,pg\nimp_1,kcp\n\uFEFFimp_uid,pg\nimp_2,kcp\n\uFEFF\"imp_uid\",pg\nimp_3,kcp\n\uFEFF",
			want: []string{
				"2 imp_1 kcp", "line 3: the header stands here again", "4 imp_2 kcp", "line 5: the header stands here again",
				"6 imp_3 kcp",
			},
			notes: []string{"3" + mark},
		},
		{
			name: "two marks at the beginning", list: "\uFEFF\uFEFFimp_uid,pg\nimp_1,kcp\n", want: []string{"2 imp_1 kcp"},
			notes: []string{"1" + mark},
		},
		{
			name: "CP949 and UTF-8", list: cp949("거래고유번호,PG사\nimp_1,키움페이\n") + "\uFEFF거래고유번호,PG사\nimp_2,키움페이\n",
			want:  []string{"2 imp_1 daou", "line 3: the header stands here again", "4 imp_2 daou"},
			notes: []string{"3" + mark},
		},
		{
			name: "another order", list: "imp_uid,pg,apply_num\nimp_1,kcp,N1\npg,order_no,IMP_UID\nkcp,o1,imp_2\nimp_uid,pg\nimp_3,kcp\n",
			want: []string{"2 imp_1 kcp N1", "line 3: " + other, "4 imp_2 kcp", "line 5: " + other, "6 imp_3 kcp"},
		},
		{
			name: "another name", list: "V1(imp_uid),pg\nimp_1,kcp\npg,거래고유번호\nkcp,imp_2\nV1(imp_uid),pg\nimp_3,kcp\n",
			want: []string{"2 imp_1 kcp", "line 3: " + other, "4 imp_2 kcp", "line 5: " + other, "6 imp_3 kcp"},
		},
		{
			name: "a list with a header below a bare one", list: "imp_1\nno,imp_uid,pg\n1,imp_2,kcp\n",
			want: []string{"1 imp_1", "line 2: " + other, "3 imp_2 kcp"},
		},
		{
			name: "a header that cannot be read", list: "imp_uid,pg\nimp_1,kcp\npg,imp_uid,IMP_UID\nkcp,imp_2,imp_3\nimp_uid,pg\nimp_4,kcp\n",
			want: []string{
				"2 imp_1 kcp",
				"line 3: columns 2 and 3 are both named \"imp_uid\": rename one of them",
				"line 4: the header above this line cannot be read: columns 2 and 3 are both named \"imp_uid\": rename one of them",
				"line 5: the header stands here again", "6 imp_4 kcp",
			},
		},
		{
			name: "names in the columns of a line", list: "imp_uid,method,memo\nNULL,PG,imp_uid 없음\nimp_1,x,거래고유번호\nimp_x,PG,1\n",
			want: []string{`line 2: imp_uid "NULL" stands for no value`, "3 imp_1", "4 imp_x"},
		},
		{
			name: "a header without the imp_uid", list: "imp_uid,pg\nimp_1,kcp\ntid,pg\nT1,kcp\nimp_2,kcp\n",
			want: []string{
				"2 imp_1 kcp", "line 3: a header without the imp_uid's column stands here or above",
				"line 4: a header without the imp_uid's column stands here or above",
				"line 5: a header without the imp_uid's column stands here or above",
			},
		},
	} {
		test.run(t)
	}
}

func TestGatewaysAsListsNameThem(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]tasks.Gateway{
		"html5_inicis.MID-a": tasks.Inicis, "kcp.T0000": tasks.KCP, "이니시스": tasks.Inicis, "NHN_KCP": tasks.KCP, "newpg.MID": "newpg.MID",
		norm.NFD.String("나이스페이먼츠"): tasks.Nice, norm.NFD.String("(신) 나이스페이"): tasks.NiceV2,
	} {
		golden{name: name, list: "imp_uid,pg\nimp_1," + name + "\n", want: []string{"2 imp_1 " + string(want)}}.run(t)
	}
}
