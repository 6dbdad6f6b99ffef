package list_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"receiptrevoker/cmd/internal/list"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"
)

// Each header has the columns of the imp_uid, the receipt's number, the gateway and the sub-merchant.
var dressedHeaders = map[string][]string{
	"brackets":          {"imp_uid (포트원)", "apply_num (국세청)", "pg (결제사)", "tier (세 글자)"},
	"in brackets":       {"거래고유번호(imp_uid)", "승인번호(apply_num)", "PG사(pg)", "하위상점(tier)"},
	"codes in brackets": {"거래번호[imp_uid]", "현금영수증[apply_num]", "결제수단 <pg_provider>", "상점 {tier_code}"},
	"other brackets":    {"【필수】imp_uid", "[선택] apply_num", "<선택> pg", "〔선택〕 tier"},
	"line breaks":       {"imp_uid\n(필수)", "apply_num\n(선택)", "PG사\r\n(결제)", "tier_code\n(세 글자)"},
	"no brackets":       {"imp_uid\n필수", "apply_num 선택", "pg optional", "tier*\n선택"},
	"tables":            {"payments.imp_uid", "receipts.apply_num", "payments.pg_provider", "shop.stores.tier"},
	"aliases, quoted":   {"`p`.`imp_uid`", "`r`.`apply_num`", "p.`pg`", "결제.tier"},
	"numbers":           {"1. imp_uid", "2. apply_num", "3) pg", "(4) tier_code"},
	"numbers in rings":  {"①imp_uid", "② apply_num", "③ pg", "④tier"},
	"Korean":            {"포트원 거래고유번호 (필수)", "현금영수증 승인번호 (선택)", "PG사 (선택)", "tier (선택)"},
	"full width":        {"ｉｍｐ＿ｕｉｄ（필수）", "ａｐｐｌｙ＿ｎｕｍ（국세청）", "ＰＧ사（선택）", "Ｔｉｅｒ（선택）"},
	"all of it":         {"1. p.imp_uid\n(필수)", "2. r.apply_num\n(국세청)", "3. p.pg (선택)", "4. s.tier (선택)"},
}

func TestAllColumnsAreFoundWithAdditions(t *testing.T) {
	t.Parallel()
	want := []string{"2 imp_1 kcp 3001 ABC"}
	for name, header := range dressedHeaders {
		for form, write := range map[string]func(string) string{"NFC": norm.NFC.String, "NFD": norm.NFD.String} {
			t.Run(name+" "+form, func(t *testing.T) {
				t.Parallel()
				var quoted, cells []string
				object := map[string]string{}
				for i, value := range []string{"imp_1", "3001", "kcp", "ABC"} {
					column := write(header[i])
					quoted = append(quoted, `"`+column+`"`)
					cells = append(cells, text(fmt.Sprintf("%c1", 'A'+i), strings.NewReplacer("<", "&lt;", ">", "&gt;").Replace(column)))
					object[column] = value
				}
				// A quoted line break is part of its line's number.
				csv := strings.NewReplacer("\r\n", " ", "\n", " ").Replace(strings.Join(quoted, ",")) + "\nimp_1,3001,kcp,ABC\n"
				if diff := cmp.Diff(want, read(t, strings.NewReader(csv), list.Options{})); diff != "" {
					t.Errorf("CSV (-want +got):\n%s", diff)
				}
				book := workbook(t, row(1, cells...)+row(2, text("A2", "imp_1"), text("B2", "3001"), text("C2", "kcp"), text("D2", "ABC")))
				if diff := cmp.Diff(want, read(t, bytes.NewReader(book), list.Options{})); diff != "" {
					t.Errorf("workbook (-want +got):\n%s", diff)
				}
				ndjson, _ := json.Marshal(object)
				if diff := cmp.Diff([]string{"1 imp_1 kcp 3001 ABC"}, read(t, bytes.NewReader(ndjson), list.Options{})); diff != "" {
					t.Errorf("NDJSON (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestColumnsOfOtherThingsAreNotRead(t *testing.T) {
	t.Parallel()
	for _, column := range []string{
		"apply_num_old", "취소 apply_num", "apply_num (취소)", "apply_num(이전)", "old.apply_num", "(구) apply_num", "apply_num (구)",
		"apply_num(재발급)", "apply_num (재발행분)", "apply_num(신규)", "apply_num(변경후)", "apply_num (new)", "apply_num(부분환불)",
		"apply_num(변경)", "apply_num (정정)", "apply_num(수정)", "apply_num(최종)", "apply_num(재승인)", "apply_num (current)", "최종 (apply_num)",
		"latest.apply_num", "current.apply_num", "exchange.apply_num", "환불.apply_num", "latest_receipt.apply_num",
		"reissue.apply_num", "재발급.apply_num", "new.apply_num", "refund.apply_num", "reissued_receipt.apply_num",
		"apply_num 10000", "10000 apply_num 1", "승인번호", "카드 승인번호(apply_num)", "payments.apply_num", "apply_num (card)", "현금영수증 승인번호 (취소)", "이전 현금영수증 승인번호",
		"pg 수수료", "pg (수수료)", "수수료(PG)", "결제수단(pg)", "pg_tid", "pg (tid)", "PG사 거래번호", "PG사(카드사)", "pg (old)",
		"user.tier", "u.tier", "buyer tier", "tier (회원등급)", "등급(tier)", "member_tier", "tier.name", "frontier", "tier_old", "a|apply_num",
	} {
		t.Run(column, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff([]string{"2 imp_1"}, read(t, strings.NewReader("imp_uid,\""+column+"\"\nimp_1,ABC\n"), list.Options{})); diff != "" {
				t.Errorf("CSV (-want +got):\n%s", diff)
			}
			ndjson, _ := json.Marshal(map[string]string{"imp_uid": "imp_1", column: "ABC"})
			if diff := cmp.Diff([]string{"1 imp_1"}, read(t, bytes.NewReader(ndjson), list.Options{})); diff != "" {
				t.Errorf("NDJSON (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNumbersThatAreNotReadAreAskedAbout(t *testing.T) {
	t.Parallel()
	for column, want := range map[string]string{
		"apply_num(변경)": "apply_num(변경)", "latest.apply_num": "latest.apply_num", "MAX(apply_num)": "MAX(apply_num)",
		"현금영수증 승인번호 (최종)": "현금영수증 승인번호 (최종)", "현금영수증 승인No.": "현금영수증 승인No.",
		"현금영수증 발급 승인번호": "현금영수증 발급 승인번호", "현금영수증 승인코드": "현금영수증 승인코드",
		// These say that they are another's, or are read.
		"취소 apply_num": "", "payments.apply_num": "", "카드 apply_num": "", "승인번호": "", "메모": "",
		"receipt_apply_num": "", "현금영수증 apply_num": "", "현금영수증 승인번호(9자리)": "", "국세청 현금영수증 승인번호": "",
		"public.receipts.apply_num": "", "apply_num::text": "",
	} {
		for format, text := range map[string]string{
			"CSV":  "imp_uid," + column + "\nimp_100000000001,\nimp_100000000002,242524331\n",
			"JSON": `{"imp_uid":"imp_100000000001","` + column + `":"242524331"}`,
		} {
			suspects := suspectsOf(t, text)
			if suspects.Unread != want || suspects.Doubtful() != (want != "") {
				t.Errorf("%s with %q: unread is %q, asks %v; want %q", format, column, suspects.Unread, suspects.Doubtful(), want)
			}
		}
	}
	for _, text := range []string{
		"imp_uid,latest.apply_num,apply_num\nimp_100000000001,242524331,242524330\n", // the other one is read
		`{"imp_uid":"imp_100000000001","apply_num":"242524331","latest":{"apply_num":"242524330"}}`,
		"imp_uid,latest.apply_num\nimp_100000000001,\n",
		"imp_uid,latest.apply_num\nimp_100000000001,none known\n",
	} {
		if suspects := suspectsOf(t, text); suspects.Doubtful() {
			t.Errorf("%q is asked about", text)
		}
	}
}

func TestCodeAndNameOfAGatewayAreReadTogether(t *testing.T) {
	t.Parallel()
	text := "PG사코드,PG사명,imp_uid\nkcp,NHN KCP,imp_1\nnice,나이스페이먼츠,imp_2\nkcp,나이스페이먼츠,imp_3\n,토스페이먼츠,imp_4\n"
	reader, err := list.NewReader(strings.NewReader(text), list.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for {
		row, err := reader.Read()
		if err == io.EOF {
			break
		} else if err != nil {
			got = append(got, err.Error())
			continue
		}
		got = append(got, row.ImpUID+" "+string(row.PG))
	}
	want := []string{"imp_1 kcp", "imp_2 nice", `line 4: two values are named for pg, "kcp" and "nice"`, "imp_4 tosspayments"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestColumnOfOtherImpUIDsIsNamed(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"imp_uid,취소 imp_uid,prev_imp_uid\nimp_100000000001,,imp_100000000002\n",
		`{"imp_uid":"imp_100000000001","prev_imp_uid":"imp_100000000002"}`,
	} {
		reader, err := list.NewReader(strings.NewReader(text), list.Options{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = reader.Read()
		notes := fmt.Sprint(reader.Notes())
		if err != nil || !strings.Contains(notes, `"prev_imp_uid"`) ||
			strings.Contains(text, "취소") && !strings.Contains(notes, `"취소 imp_uid"`) {
			t.Errorf("%s: %v, notes are %s", text, err, notes)
		}
	}
}

// suspectsOf reads a list, and returns what is suspect.
func suspectsOf(t *testing.T, text string) list.Suspects {
	t.Helper()
	reader, err := list.NewReader(strings.NewReader(text), list.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = reader.Read()
	}
	if err != io.EOF {
		t.Fatal(err)
	}
	return reader.Suspects()
}

func TestTwoColumnsThatMayBothBeItAreRefused(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"imp_uid,a.apply_num,b.apply_num":               `line 1: columns 2 and 3 are both named "apply_num": rename one of them`,
		"imp_uid,apply_num (선택),승인번호(apply_num)":        `line 1: columns 2 and 3 are both named "apply_num": rename one of them`,
		"imp_uid (가),imp_uid (나)":                       `line 1: columns 1 and 2 are both named "imp_uid": rename one of them`,
		"imp_uid,apply_num,apply_num (국세청),r.apply_num": "",
	} {
		_, err := list.NewReader(strings.NewReader(header+"\n"), list.Options{})
		if got := fmt.Sprint(err); want != "" && got != want || want == "" && err != nil {
			t.Errorf("%s: %s, want %q", header, got, want)
		}
	}
	object := `{"imp_uid":"imp_1","a.apply_num":"3001","b.apply_num":"3002"}`
	want := []string{`line 1: two values are named for apply_num, "3001" and "3002"`}
	if diff := cmp.Diff(want, read(t, strings.NewReader(object), list.Options{})); diff != "" {
		t.Errorf("NDJSON (-want +got):\n%s", diff)
	}
}

func TestColumnOfTheReceiptThatIsNotReadIsNoted(t *testing.T) {
	t.Parallel()
	for _, test := range []noted{
		{
			name: "none is read", list: "imp_uid,취소 apply_num,하위상점\nimp_1,1,가\n", want: []string{"2 imp_1"},
			notes: []string{
				`1 column 2, "취소 apply_num", is not read: if it names the receipt that is meant, name it apply_num`,
				`1 column 3, "하위상점", is not read: if it names the sub-merchant, name it tier`,
			},
		},
		{
			name: "a sub-merchant in Hangul", list: "imp_uid,서브몰 코드,티어\nimp_1,1,가\n", want: []string{"2 imp_1"},
			notes: []string{
				`1 column 2, "서브몰 코드", is not read: if it names the sub-merchant, name it tier`,
				`1 column 3, "티어", is not read: if it names the sub-merchant, name it tier`,
			},
		},
		{
			name: "another is read", list: "imp_uid,apply_num,취소 apply_num,tier,하위상점\nimp_1,3001,1,ABC,가\n", want: []string{"2 imp_1 3001 ABC"},
			notes: []string{`1 column 3, "취소 apply_num", is not read: column 2 is, "apply_num"`, `1 column 5, "하위상점", is not read: column 4 is, "tier"`},
		},
		{
			name: "the card's, of a database", list: "IMP_UID,PAY_METHOD,PG_TID,APPLY_NUM\nimp_1,trans,t,30001234\n", want: []string{"2 imp_1"},
			notes: []string{`1 column 4, "APPLY_NUM", is not read: beside "PG_TID" it is the card company's number; if it is the receipt's, name it 현금영수증 승인번호`},
		},
		{
			name: "the card's", list: "imp_uid,승인번호,frontier,PG 수수료\nimp_1,1,2,3\n", want: []string{"2 imp_1"},
			notes: []string{`1 column 2, "승인번호", is not read: if it names the receipt that is meant, name it apply_num`},
		},
		{
			name: "the gateway's", list: "imp_uid,결제대행 업체,user.tier\nimp_1,kcp,VIP\n", want: []string{"2 imp_1"},
			notes: []string{
				`1 column 2, "결제대행 업체", is not read: if it names the gateway, name it pg`,
				`1 column 3, "user.tier", is not read: if it names the sub-merchant, name it tier`,
			},
		},
		{
			name: "keys of JSON, once each", list: `{"imp_uid":"imp_1","승인번호":"1"}` + "\n" + `{"imp_uid":"imp_2","승인번호":"2","user":{"tier":"VIP"}}`,
			want: []string{"1 imp_1", "2 imp_2"},
			notes: []string{
				`1 the key "승인번호" is not read: if it names the receipt that is meant, name it apply_num`,
				`2 the key "user.tier" is not read: if it names the sub-merchant, name it tier`,
			},
		},
		{
			name: "of PortOne's own record of a payment", list: "imp_uid,merchant_uid,pay_method,pg_provider,pg_tid,apply_num,amount\n" +
				"imp_100000000001,m1,trans,kcp,t,30001234,1000\n", want: []string{"2 imp_100000000001 kcp"},
			notes: []string{`1 column 6, "apply_num", is not read: beside "pg_tid" it is the card company's number; if it is the receipt's, ` +
				`name it 현금영수증 승인번호`},
		},
		{
			name: "the receipt's beside PortOne's own record", list: "imp_uid,pg_tid,apply_num,현금영수증 승인번호,pay_method\nimp_100000000001,t,30001234,300000001,card\n",
			want: []string{"2 imp_100000000001 300000001"}, notes: []string{`1 column 3, "apply_num", is not read: column 4 is, "현금영수증 승인번호"`},
		},
		{
			name: "what the buyer gave", list: "imp_uid,pg,현금영수증번호\nimp_100000000001,kcp,010-1234-5678\n", want: []string{"2 imp_100000000001 kcp"},
			notes: []string{`1 column 3, "현금영수증번호", is not read: if it names the receipt that is meant, name it apply_num`},
		},
		{
			name: "gateways under another name", list: "imp_uid,채널\nimp_100000000001,kcp\nimp_100000000002,\nimp_100000000003,html5_inicis\n",
			want:  []string{"2 imp_100000000001", "3 imp_100000000002", "4 imp_100000000003"},
			notes: []string{`1 column 2, "채널", is not read: its values are gateways; if it names the gateway, name it pg`},
		},
		{
			name: "most lines have none", list: "imp_uid,메모,apply_num\nimp_100000000001,x\n", want: []string{"2 imp_100000000001"},
			notes: []string{"1 most lines end before the column of apply_num or tier: they name none"},
		},
	} {
		test.run(t)
	}
}
