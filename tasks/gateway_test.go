package tasks_test

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"

	"golang.org/x/text/unicode/norm"

	"receiptrevoker/tasks"
)

func TestGatewayIsFoundByEverySpelling(t *testing.T) {
	t.Parallel()
	for _, pg := range tasks.Gateways() {
		for _, name := range []string{string(pg) + ".MID-a", string(pg) + ".a.b", norm.NFD.String(pg.Korean())} {
			if got, known := tasks.ParseGateway(name); got != pg || !known {
				t.Errorf("%q: got %q, %t; want %q", name, got, known, pg)
			}
		}
	}
	for name, want := range map[string]tasks.Gateway{
		"kcp.T0000": tasks.KCP, "HTML5_INICIS.MID-a": tasks.Inicis, "nice_v2.a": tasks.NiceV2, "nice.a": tasks.Nice,
		"엔": "", "NHN-KCP": tasks.KCP, "nhn_kcp": tasks.KCP, "ＮＨＮ ＫＣＰ": tasks.KCP, "KG 이니시스": tasks.Inicis,
		"\uFEFFkcp\u200B": tasks.KCP, "(신)나이스페이": tasks.NiceV2, "나이스페이": tasks.Nice, "": "", "...": "",
		"newpg.kcp": "", "kcp2": "", "주": "", "(주)": "", "토스페이": "", "신한카드": "",
		"케이씨피": tasks.KCP, "엔에이치엔 케이씨피": tasks.KCP, "KCP(NHN)": tasks.KCP, "한국사이버결제": tasks.KCP, "엔에이치엔케이씨피(주)": tasks.KCP,
		"케이지이니시스": tasks.Inicis, "이니시스(KG)": tasks.Inicis, "KG이니시스(웹표준)": tasks.Inicis, "주식회사 케이지이니시스": tasks.Inicis,
		"케이에스넷": tasks.KSNET, "토스": tasks.TossPayments, "웰컴": tasks.Welcome, "헥토": tasks.Settle, "㈜헥토파이낸셜": tasks.Settle,
		"(주)헥토파이낸셜": tasks.Settle, "NICE페이먼츠": tasks.Nice, "NICEPAY": tasks.Nice, "나이스": tasks.Nice,
		"나이스페이(신)": tasks.NiceV2, "NICEPAY (신)": tasks.NiceV2, "신나이스페이먼츠": tasks.NiceV2, "(주)스마트로": tasks.SmartroV2,
		"(구)나이스페이먼츠": tasks.Nice, "나이스페이먼츠(주)": tasks.Nice, "주) 나이스 페이먼츠": tasks.Nice, "NICE Payments Co., Ltd.": tasks.Nice,
		"Payments NICE": tasks.Nice, "나이스Pay": tasks.Nice, "New 나이스페이": tasks.NiceV2, "나이스페이먼츠 [신모듈]": tasks.NiceV2, "나이스 V2": tasks.NiceV2,
		"㈜ KG 이니시스": tasks.Inicis, "이니시스 케이지": tasks.Inicis, "KG-INICIS (주식회사)": tasks.Inicis, "이니시스[웹표준/모바일]": tasks.Inicis,
		"html5 이니시스": tasks.Inicis, "케이지Inicis": tasks.Inicis, "KG이니시스 PG": tasks.Inicis,
		"엔에이치엔 KCP": tasks.KCP, "NHN한국사이버결제㈜": tasks.KCP, "한국사이버결제(KCP)": tasks.KCP, "ＫＣＰ（케이씨피）": tasks.KCP, "NHN KCP Corp.": tasks.KCP,
		"세틀뱅크": tasks.Settle, "헥토 Financial": tasks.Settle, "헥토파이낸셜 (구 세틀뱅크)": tasks.Settle, "헥토파이낸셜(세틀뱅크)": tasks.Settle, "Settlebank": tasks.Settle,
		"키움페이(다우데이타)": tasks.Daou, "다우데이터": tasks.Daou, "Kiwoom페이": tasks.Daou, "페이조아(키움페이)": tasks.Daou, "다우페이": tasks.Daou,
		"이지페이": tasks.KICC, "KICC(이지페이)": tasks.KICC, "Easy Pay": tasks.KICC, "한국정보통신(KICC)": tasks.KICC, "케이아이씨씨": tasks.KICC,
		"토스 Payments": tasks.TossPayments, "토스(Toss)": tasks.TossPayments, "(신)토스페이먼츠": tasks.TossPayments, "토스페이먼트": tasks.TossPayments, "Toss페이먼츠(주)": tasks.TossPayments,
		"KS넷": tasks.KSNET, "케이에스 NET": tasks.KSNET, "(주)케이에스넷": tasks.KSNET, "스마트로(신모듈)": tasks.SmartroV2, "주식회사 스마트로": tasks.SmartroV2,
		"웰컴Payments": tasks.Welcome, "웰컴페이": tasks.Welcome, "Welcome 페이먼츠": tasks.Welcome,
		// What may mean two gateways, or another one.
		"KG": "", "케이지": "", "NHN": "", "KG파이낸셜": "", "키움": "", "페이": "", "페이먼츠": "", "신": "", "뱅크": "", "이지": "", "넷": "",
		"KCP/이니시스": "", "나이스/토스": "", "tosspay": "", "toss": "", "Toss": "", "토스 페이": "", "토스페이먼츠(구)": "", "스마트로(구)": "", "kcp_v2": "", "kcp_billing": "",
		"이니시스(카카오페이)": "", "KG모빌리언스": "", "NHN페이코": "", "나이스정보통신": "", "웰컴저축은행": "", "신한": "", "나이스 kcp": "",
	} {
		got, known := tasks.ParseGateway(name)
		if known != (want != "") || known && got != want || !known && string(got) != name {
			t.Errorf("%q: got %q, %t; want %q, or the name as it is", name, got, known, want)
		}
	}
}

// No two gateways have a spelling in common.
// Every constant has a row in gateway.go, by which it is known.
func TestEveryGatewayIsKnown(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "gateway.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	ast.Inspect(file, func(n ast.Node) bool {
		constant, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, named := constant.Type.(*ast.Ident); named && kind.Name == "Gateway" {
			found++
			code, _ := strconv.Unquote(constant.Values[0].(*ast.BasicLit).Value)
			if !tasks.Gateway(code).Known() {
				t.Errorf("%s has no row in gatewayNames", constant.Names[0])
			}
		}
		return true
	})
	if found != len(tasks.Gateways()) {
		t.Errorf("found %d constants, and %d gateways are known", found, len(tasks.Gateways()))
	}
}

func TestKoreanAndEnglishNamesAreOfOneGateway(t *testing.T) {
	t.Parallel()
	for _, pg := range tasks.Gateways() {
		for _, name := range []string{pg.Korean(), pg.English()} {
			if got, _ := tasks.ParseGateway(name); got != pg {
				t.Errorf("%q: got %q, want %q", name, got, pg)
			}
		}
	}
}

func TestPayloadMayNameItsGatewayByAnySpelling(t *testing.T) {
	t.Parallel()
	for name, want := range map[tasks.Gateway]tasks.Queue{
		"kcp": {PG: tasks.KCP}, "kcp.T0000": {PG: tasks.KCP}, "NHN KCP": {PG: tasks.KCP}, "newpg.T0000": {}, "": {},
	} {
		task, err := tasks.NewTask(tasks.Revocation{ImpUID: "imp_1", PG: name})
		if err != nil {
			t.Fatal(err)
		}
		r, err := tasks.Parse(task.Payload())
		if err != nil || want.PG != "" && r.PG != want.PG {
			t.Errorf("%q is read as %q, %v; want %q", name, r.PG, err, want.PG)
		}
		if got := tasks.QueueOf(tasks.Revocation{ImpUID: "imp_1", PG: name}); got != want || tasks.QueueOf(r) != want {
			t.Errorf("%q goes to %+v, and once read to %+v, want %+v", name, got, tasks.QueueOf(r), want)
		}
	}
	if err := (tasks.Revocation{ImpUID: "imp_1", PG: "settle.a", ApplyNum: "1"}).Validate(); !errors.Is(err, tasks.ErrInvalid) {
		t.Errorf("apply_num on a gateway without lookups: %v", err)
	}
}
